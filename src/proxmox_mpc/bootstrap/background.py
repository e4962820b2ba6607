"""What a process needs that works in the background: one store, one bus, and whoever does, makes and sweeps jobs."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proxmox_mpc import __version__, telemetry
from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Action, Request
from proxmox_mpc.actions._gate import admit
from proxmox_mpc.actions._ordering import order
from proxmox_mpc.actions._session import Session
from proxmox_mpc.bootstrap import find_action
from proxmox_mpc.bootstrap.dispatch import Dispatch, dispatcher
from proxmox_mpc.bootstrap.jobs import order_of, performer
from proxmox_mpc.bootstrap.serving import Serving
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import RefusedError
from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.clock import Clock
from proxmox_mpc.jobs.leader import Leader
from proxmox_mpc.jobs.runner import Runner
from proxmox_mpc.jobs.sweeping import Sweeper
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.jobs.work import Worker
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import Job, SecretKey, Store
from proxmox_mpc.telemetry import metrics, tracing

DRAIN_S = 20.0
"""How long jobs that run may go on once their process shall end; then they stop, and others continue them."""
LOOK_S = 2.0
"""How long it stays unseen at the most that a job has ended, where no wake-up comes."""
SWEEPING = "sweeping"
"""The lease of the process that sweeps."""


MOST_JOBS = 100
"""Jobs of one user that may wait or run: those of others come after them."""


class TooManyJobs(RefusedError):
    """Too many jobs of this user wait."""

    code = "job.too-many"
    http_status = 429
    default_hint = "wait for some of them, or cancel some: proxmox-cli job list"


@dataclass
class Background:
    """One process's parts. They live as long as it does; sessions on them are cheap."""

    serving: Serving
    bus: Bus
    name: str
    dispatch: Dispatch | None = None
    draining: bool = False
    """Whether this process is about to end: it finishes what it does, and takes nothing new."""

    @property
    def settings(self) -> Settings:
        return self.serving.settings

    @property
    def store(self) -> Store:
        return self.serving.store

    def now(self) -> datetime:
        return self.serving.now()

    def session(self, who: Who, context: str, report: Callable[[Progress], None] = lambda progress: None) -> Session:
        """A session of somebody on this process's store."""
        session = self.serving.session(who, context, report=report)
        session.wake, session.listen = self.bus.wakeups.wake, self.bus.wakeups.listen
        if self.dispatch is not None:
            session.dispatch = self.dispatch
        return session

    async def enqueue(self, who: Who, action: Action[Any, Any], request: Request, context: str = "") -> Job:
        """Keep a job that carries out an action for somebody, once that is allowed.

        Raises NotAllowed, NoContext, TooManyJobs.
        """
        async with self.session(who, context) as session:
            await admit(session, action, request)
            where = (await session.context()).name
        if who.user_id and await self.store.jobs.open_of(who.user_id) >= MOST_JOBS:
            raise TooManyJobs(f"{who.name} has {MOST_JOBS} jobs that have not ended")
        job = await self.store.jobs.add(order(action, request, who, where))
        await self.bus.wakeups.wake("jobs")
        if self.dispatch is not None:
            self.dispatch(job.id)
        return job

    async def wait_for(self, job_id: str, seconds: float) -> Job:
        """A job when it has ended, or as it stands after so many seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            count = self.bus.wakeups.count("messages")
            job = await self.store.jobs.get(job_id)
            if job.has_ended or (left := end - loop.time()) <= 0:
                return job
            await self.bus.wakeups.after("messages", count, min(left, LOOK_S))

    async def begin(self, parts: AsyncExitStack) -> None:
        """Do what a server does besides answering: jobs, unless workers do; schedules; sweeping."""
        if self.dispatch is None and self.settings.jobs.slots:
            runner = self.runner()
            running = asyncio.create_task(runner.run())
            parts.push_async_callback(_ended, running)
            parts.push_async_callback(runner.drain, DRAIN_S)
        from proxmox_mpc.bootstrap.webhooks import Telling

        hooks = Leader(self.store, "webhooks", self.name, ttl_s=self.settings.jobs.lease_s)
        sweeping, telling = self.leader().run(self.sweeper().run), hooks.run(Telling(self).run)
        for work in (self.beat().run(), sweeping, telling):
            parts.push_async_callback(_cancelled, asyncio.create_task(work))

    def worker(self) -> Worker:
        """Who does jobs here."""
        perform = performer(self.store, self.session, find_action)
        return Worker(self.bus, perform, self.name, lease_s=self.settings.jobs.lease_s)

    def runner(self) -> Runner:
        """Does jobs in this process."""
        return Runner(self.worker(), slots=self.settings.jobs.slots)

    def beat(self) -> Beat:
        """Makes jobs of schedules."""
        return Beat(self.bus, lambda schedule, at: order_of(schedule, at, find_action), self.now, self.dispatch)

    def leader(self) -> Leader:
        """A candidate for sweeping: `leader.run(sweeper.run)`."""
        return Leader(self.store, SWEEPING, self.name, ttl_s=self.settings.jobs.lease_s)

    def sweeper(self) -> Sweeper:
        """Gives lost jobs to others, and forgets what is old."""
        told = self.settings.jobs
        every_s = min(5.0, told.lease_s / 3)
        return Sweeper(self.bus, self.now, told.keep_days, self.dispatch, every_s=every_s, lost_s=told.lease_s)


def observe(settings: Settings, part: str) -> None:
    """Log, count and trace in this process from here on, as a server, worker or beat does."""
    telemetry.configure(settings.log_level or "INFO", json=settings.log_json)
    metrics.enable(__version__, part)
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        tracing.enable(part, __version__)
    if part != "server" and settings.server.metrics_port:
        metrics.listen(settings.server.metrics_port, settings.server.host)


@asynccontextmanager
async def open_background(settings: Settings) -> AsyncIterator[Background]:
    """The parts of this process. Raises StoreUnavailable, SettingInvalid, ClockWrong."""
    key = SecretKey.of(settings)
    name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"
    async with (
        Store.open(settings.database_url, key=key, settings=settings.database) as store,
        WakeUps.open(settings.jobs.wakeup_url) as wakeups,
        dispatcher(settings) as dispatch,
    ):
        clock = Clock(store, settings.jobs.lease_s)
        await clock.check()
        watching = asyncio.create_task(clock.run())
        serving = Serving(settings, key, store)
        try:
            yield Background(serving, Bus(store, wakeups), name, dispatch)
        finally:
            await _cancelled(watching)
            await serving.clusters.close()
            tracing.end()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.gather(task, return_exceptions=True)
