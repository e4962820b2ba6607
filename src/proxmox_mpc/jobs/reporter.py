"""What a job tells while it is done: lines, how far it is. Gathered, and written a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.store import Job, NewMessage
from proxmox_mpc.telemetry import Logger, redacted

EVERY_S = 0.3
"""A person sees no difference to at once, and a database hardly feels it."""
LONGEST = 4000
"""Letters of a line that are kept."""
MOST = 20_000
"""Lines of a job that are kept: a job that tells more is stuck in a loop."""
LINE = "job.log"
PROGRESS = "job.progress"
_log = Logger("jobs")


class Reporter:
    """One job's. What is told here is shown to all who may see the job: texts are freed of what looks like a secret."""

    def __init__(self, job: Job, bus: Bus) -> None:
        self.job = job
        self._bus = bus
        self._waiting: list[NewMessage] = []
        self._progress: dict[str, Any] = dict(job.progress)
        self._moved = False
        self._lines = 0
        self._stops: list[Callable[[], None]] = []
        self._writing = asyncio.Lock()
        self._over = False
        self.stopping = False
        self.handed_over = False
        """Whether others go on with the job."""
        self.more_time: Callable[[], None] = lambda: None
        """For what does the job: what it does now must not be ended half-way."""

    def log(self, text: str, **facts: Any) -> None:
        """Tell a line."""
        self._lines += 1
        if self._lines <= MOST:
            last = {"cut": True} if self._lines == MOST else {}
            self._tell(LINE, {"text": redacted("", text[:LONGEST]), **redacted("", facts), **last})

    def progress(self, **facts: Any) -> None:
        """Tell how far it is: what is given is set, the rest stays."""
        self._progress.update(redacted("", facts))
        self._moved = True

    def on_stop(self, ask: Callable[[], None]) -> None:
        """What to call when the job shall stop; at once, where that was asked for already."""
        self._stops.append(ask)
        if self.stopping:
            ask()

    def stop(self, *, handed_over: bool = False) -> None:
        """Ask whatever is at work to stop."""
        self.stopping = True
        self.handed_over = handed_over
        for ask in self._stops:
            ask()

    async def flush(self) -> None:
        """Write what was gathered; what cannot be written now stays, in its order."""
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            moved, self._moved = self._moved, False
            try:
                if moved:
                    await self._bus.store.claims.progress(self.job, self._progress)
                if news := [*waiting, *([self._message(PROGRESS, dict(self._progress))] if moved else [])]:
                    await self._bus.publish(news)
            except BaseException:
                self._waiting = waiting + self._waiting
                self._moved |= moved
                raise

    async def end(self) -> None:
        """Write what is left, once nothing is told any more: nothing is written after it."""
        self._over = True
        await self.flush()

    async def run(self) -> None:
        """Write now and then, until it ends."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self._over:
                return
            try:
                await self.flush()
            except Exception as error:
                _log.warning("a job's progress could not be written", job=self.job.id, why=str(error))

    def _tell(self, type: str, payload: Mapping[str, Any]) -> None:
        self._waiting.append(self._message(type, payload))

    def _message(self, type: str, payload: Mapping[str, Any]) -> NewMessage:
        job = self.job
        return NewMessage(f"jobs/{job.id}", type, {"id": job.id, **payload}, job.context, job.namespace)
