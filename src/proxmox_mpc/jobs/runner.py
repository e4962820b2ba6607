"""The runner: takes jobs from the table and does so many at a time, until it is drained."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from proxmox_mpc.jobs.work import Worker
from proxmox_mpc.telemetry import Logger

SLOTS = 4
"""Jobs at a time: they mostly wait for the cluster, whose own limits hold across all of them."""
POLL_S = 5.0
"""How long a job of another process waits at the most, where no wake-up comes."""
_log = Logger("jobs")


@dataclass
class Runner:
    """Does jobs in this process."""

    worker: Worker
    slots: int = SLOTS
    poll_s: float = POLL_S
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _draining: bool = False
    _takes: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Take jobs until `drain` is asked for."""
        wakeups = self.worker.bus.wakeups
        while not self._draining:
            count = wakeups.count("jobs")
            async with self._takes:
                began = not self._draining and len(self._tasks) < self.slots and await self._began_one()
            if not began:
                await wakeups.after("jobs", count, self.poll_s)

    async def _began_one(self) -> bool:
        try:
            job = await self.worker.claim()
        except Exception as error:
            _log.warning("no job could be taken; trying again", why=str(error) or type(error).__name__)
            return False
        if job is None:
            return False
        task = asyncio.create_task(self.worker.do(job))
        self._tasks.add(task)
        task.add_done_callback(self._left)
        return True

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.worker.bus.wakeups.wake_here("jobs")  # there is a free place

    async def drain(self, patience_s: float) -> None:
        """Take no more jobs; give those that run so long to end, then ask them to stop, and give them back."""
        self._draining = True
        self.worker.bus.wakeups.wake_here("jobs")
        async with self._takes:  # one that is being taken is among those that run
            pass
        await asyncio.sleep(0)  # one that was taken a moment ago has begun now
        await self.worker.end_soon(patience_s)
        await asyncio.gather(*self._tasks, return_exceptions=True)
