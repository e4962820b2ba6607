"""What a process needs that works in the background: one store, one bus, and whoever does, makes and sweeps jobs."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._session import Session
from proxmox_mpc.bootstrap import find_action, make_session
from proxmox_mpc.bootstrap.jobs import order_of, performer
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.leader import Leader
from proxmox_mpc.jobs.runner import Runner
from proxmox_mpc.jobs.sweeping import Sweeper
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.jobs.work import Worker
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import SecretKey, Store

SWEEPING = "sweeping"
"""The lease of the process that sweeps."""


@dataclass(frozen=True)
class Background:
    """One process's parts. They live as long as it does; sessions on them are cheap."""

    settings: Settings
    key: SecretKey
    store: Store
    bus: Bus
    name: str
    now: Callable[[], datetime]

    def session(self, who: Who, context: str, report: Callable[[Progress], None] = lambda progress: None) -> Session:
        """A session of somebody on this process's store."""

        async def open_store(parts: AsyncExitStack) -> Store:
            return self.store

        return make_session(who, context, open_store, lambda: self.key, report)

    def worker(self) -> Worker:
        """Who does jobs here."""
        perform = performer(self.store, self.session, find_action)
        return Worker(self.bus, perform, self.name, lease_s=self.settings.jobs.lease_s)

    def runner(self) -> Runner:
        """Does jobs in this process."""
        return Runner(self.worker(), slots=self.settings.jobs.slots)

    def beat(self, dispatch: Callable[[str], Awaitable[None]] | None = None) -> Beat:
        """Makes jobs of schedules."""
        return Beat(self.bus, lambda schedule, at: order_of(schedule, at, find_action), self.now, dispatch)

    def leader(self) -> Leader:
        """A candidate for sweeping: `leader.run(sweeper.run)`."""
        return Leader(self.store, SWEEPING, self.name, ttl_s=self.settings.jobs.lease_s)

    def sweeper(self, dispatch: Callable[[str], Awaitable[None]] | None = None) -> Sweeper:
        """Gives lost jobs to others, and forgets what is old."""
        every_s = min(5.0, self.settings.jobs.lease_s / 3)
        return Sweeper(self.bus, self.now, self.settings.jobs.keep_days, dispatch, every_s=every_s)


@asynccontextmanager
async def open_background(settings: Settings) -> AsyncIterator[Background]:
    """The parts of this process. Raises StoreUnavailable, SettingInvalid."""
    key = SecretKey.of(settings)
    name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"
    async with Store.open(settings.database_url, key=key) as store, WakeUps.open(settings.jobs.wakeup_url) as wakeups:
        yield Background(settings, key, store, Bus(store, wakeups), name, lambda: datetime.now(UTC))
