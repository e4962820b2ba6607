"""Leadership: of several processes one does what only one shall do. It is a lease, so that it outlives nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from proxmox_mpc.store import Store
from proxmox_mpc.telemetry import Logger, metrics

TTL_S = 30.0
"""How long nobody leads after a leader died."""
_log = Logger("jobs")


@dataclass
class Leader:
    """A candidate for leading under a name."""

    store: Store
    name: str
    holder: str
    ttl_s: float = TTL_S
    leads: bool = False

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Do `lead` while this process leads, until it is cancelled; then others may lead at once."""
        work: asyncio.Task[None] | None = None
        try:
            held_until = 0.0
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    mine = await self.store.leases.take(self.name, self.holder, self.ttl_s)
                except Exception as error:
                    # Nobody can tell; who led goes on for as long as the lease lasts, less a moment.
                    _log.warning("the lease cannot be renewed", lease=self.name, why=type(error).__name__)
                    mine = began < held_until
                else:
                    held_until = began + self.ttl_s * 2 / 3 if mine else 0.0
                if mine and (work is None or work.done()):
                    _log.info("leads now", lease=self.name, holder=self.holder)
                    work = asyncio.ensure_future(_started(lead))
                elif not mine and work is not None:
                    _log.warning("leads no longer", lease=self.name, holder=self.holder)
                    await _ended(work)
                    work = None
                self.leads = mine
                metrics.LEADS.set(int(mine), lease=self.name.partition(" ")[0])
                await asyncio.sleep(self.ttl_s / 3)
        finally:
            self.leads = False
            if work is not None:
                await _ended(work)
            try:
                await self.store.leases.give_up(self.name, self.holder)
            except Exception as error:
                _log.warning("the lease could not be given up", lease=self.name, why=type(error).__name__)


async def _started(lead: Callable[[], Awaitable[None]]) -> None:
    try:
        await lead()
    except Exception as error:
        _log.error("what the leader does broke; it is begun anew", why=repr(error))


async def _ended(work: asyncio.Task[None]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
