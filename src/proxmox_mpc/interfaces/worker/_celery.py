"""A Celery worker: the broker brings it ids of jobs, which it claims from the table like any other worker."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.bootstrap.background import DRAIN_S, Background, open_background
from proxmox_mpc.bootstrap.dispatch import TASK, celery_app
from proxmox_mpc.jobs.work import Worker
from proxmox_mpc.settings import Settings
from proxmox_mpc.telemetry import Logger

_log = Logger("jobs")
PAUSE_S = 1.0
"""Until the broker is tried again after its connection broke."""


@dataclass
class _Process:
    """This process's one event loop, in a thread of its own, and the connections that all its jobs share."""

    settings: Settings
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    parts: Background | None = None
    worker: Worker | None = None
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    def start(self) -> None:
        threading.Thread(target=self.loop.run_forever, name="jobs", daemon=True).start()
        self.run(self._open()).result()

    def run(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def _open(self) -> None:
        self.parts = await self._opened.enter_async_context(open_background(self.settings))
        self.worker = self.parts.worker()

    async def close(self) -> None:
        await self._opened.aclose()

    async def drain(self) -> None:
        """Give jobs that run some time to end; then others continue them."""
        assert self.worker is not None
        await self.worker.end_soon(DRAIN_S)

    async def do(self, id: str) -> None:
        """Do a job, if it may be begun now, and have those sent that may be begun after it."""
        assert self.worker is not None
        assert self.parts is not None
        assert self.parts.dispatch is not None
        job = await self.worker.claim(id)
        if job is None:
            return
        await self.worker.do(job)
        store, now = self.parts.store, self.parts.now()
        after = await store.jobs.get(id)
        if after.state == "queued":
            self.parts.dispatch(id, max((after.not_before - now).total_seconds(), 0.0))
        if job.concurrency_key and (other := await store.jobs.next_of(job.concurrency_key)):
            self.parts.dispatch(other)


def work(settings: Settings) -> int:
    """Do jobs until SIGTERM or SIGINT asks to end."""
    from celery import signals

    process = _Process(settings)
    process.start()
    app = celery_app(settings)

    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def run(id: str) -> None:
        process.run(process.do(str(id))).result()

    def ready(**_: Any) -> None:
        assert process.parts is not None
        sys.stdout.write(f"worker {process.parts.name} is ready\n")
        sys.stdout.flush()

    asked: list[bool] = []

    def ending(sig: Any = "", **_: Any) -> None:
        if sig:  # Celery ends by itself, too, where its loop breaks
            asked.append(True)
            process.run(process.drain())

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(ending, weak=False)
    words = [
        "--quiet",
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        str(settings.jobs.slots),
        "--loglevel",
        "WARNING",
    ]
    try:
        while True:
            code: object = 0
            try:
                # One process for all jobs: they wait for the cluster, and share its connections and limits.
                app.worker_main([*words, "--without-gossip", "--without-mingle"])
            except SystemExit as end:
                code = end.code
            if asked:
                return code if isinstance(code, int) else 0
            # Losing the broker at the wrong moment breaks Celery's own loop, which then ends, now and then with 0
            # (kombu 5.7): what is ours goes on.
            _log.error("the connection to the broker broke; beginning anew", code=code)
            time.sleep(PAUSE_S)
            if asked:
                return 0
    finally:
        process.run(process.close()).result()
