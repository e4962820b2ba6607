"""Whether this machine's clock agrees with the database's: leases count time, and each process reads its own clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from proxmox_mpc.errors import MpcError
from proxmox_mpc.store import Store
from proxmox_mpc.telemetry import Logger

WARN_S = 5.0
"""From here on it is said: NTP keeps clocks within a small part of a second."""
LOOK_S = 30.0
"""How often it is looked: a clock that is set wrong does so at once, one that drifts in days."""
_log = Logger("jobs")


class ClockWrong(MpcError):
    """This machine's clock and the database's differ by too much."""

    code = "server.clock"
    default_hint = "set both by NTP (timedatectl, chrony): by a wrong clock jobs are taken from workers that live"


@dataclass
class Clock:
    """The clock of this process, as the database sees it."""

    store: Store
    lease_s: float
    look_s: float = LOOK_S
    _agrees: bool = True

    async def check(self) -> None:
        """Raises ClockWrong where it differs by half a lease: another one may differ by as much to the other side."""
        ahead_s = await self._look()
        if abs(ahead_s) >= self.lease_s / 2:
            side = "ahead of" if ahead_s > 0 else "behind"
            what = f"the clock of this machine is {abs(ahead_s):.0f} s {side} the database's"
            raise ClockWrong(f"{what}, and a lease lasts {self.lease_s:g} s")

    async def run(self) -> None:
        """Look now and then, until it is cancelled."""
        while True:
            await asyncio.sleep(self.look_s)
            await self._look()

    async def _look(self) -> float:
        try:
            ahead_s = await self.store.clock_ahead_s()
        except Exception as error:
            _log.info("the database's time cannot be asked for", why=type(error).__name__)
            return 0.0
        agrees = abs(ahead_s) < WARN_S
        if not agrees and self._agrees:
            _log.error("the clock differs from the database's: leases count wrongly", ahead_s=round(ahead_s, 1))
        elif agrees and not self._agrees:
            _log.warning("the clock agrees with the database's again")
        self._agrees = agrees
        return ahead_s
