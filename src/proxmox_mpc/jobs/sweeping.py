"""Sweeping: jobs whose workers died are given to others, late ones ended, and what is old is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.store.retention import KEPT, Kept
from proxmox_mpc.telemetry import Logger

EVERY_S = 5.0
"""How long a job whose lease is over waits for another worker at the most."""
FORGET_EVERY_S = 3600.0
LOST_S = 30.0
"""How long a job may wait for the broker to bring it to a worker; then its id is sent again, which does no harm,
and again with growing pauses: it may only wait for a worker that is free."""
IDEMPOTENCY = timedelta(days=1)
"""How long the answer to a request with an idempotency key is kept: who asks again does so at once, or never."""
EXPIRING: tuple[Kept, ...] = ("pending_logins", "plans", "reservations")
"""What says itself until when it counts."""
LOGINS = timedelta(days=30)
"""How long a login that has ended is shown to its user."""
ATTEMPTS_S = 86400.0
"""How long failed logins are remembered; every limit looks back for less."""
_log = Logger("jobs")


@dataclass
class Sweeper:
    """Sweeps a store; one process does it. `days` says how long events, messages, jobs, snapshots and runs are kept.

    `dispatch` has a job's id sent to whoever works, where a broker does that; it waits for nobody.
    """

    bus: Bus
    now: Callable[[], datetime]
    days: Mapping[str, float]
    dispatch: Callable[[str], None] | None = None
    every_s: float = EVERY_S
    lost_s: float = LOST_S

    _left: tuple[int, int] = (0, 0)

    async def run(self) -> None:
        """Sweep until it is cancelled."""
        forgot_at: datetime | None = None
        while True:
            try:
                await self.sweep()
                if forgot_at is None or (self.now() - forgot_at).total_seconds() >= FORGET_EVERY_S:
                    await self.forget()
                    forgot_at = self.now()
            except Exception as error:
                _log.error("sweeping failed; trying again", why=str(error) or type(error).__name__)
            await asyncio.sleep(self.every_s)

    async def sweep(self) -> None:
        """Give jobs of dead workers to others, and end those that are late."""
        changed = await self.bus.store.claims.sweep()
        for job in changed:
            _log.warning("a job was lost or late", job=job.id, action=job.action, attempt=job.attempt, state=job.state)
        if changed:
            await self.bus.wakeups.wake("jobs", "messages")
        if self.dispatch is not None:
            waits = {job.id for job in changed if job.state == "queued"}
            waits |= set(await self.bus.store.claims.to_send_again(self.lost_s))
            for id in sorted(waits):
                self.dispatch(id)

        store = self.bus.store
        left = (await store.claims.left_to_others(), await store.schedules.left_to_others())
        if left != self._left and any(left):
            _log.warning(
                "what was sealed with a key that is not here is left to others", jobs=left[0], schedules=left[1]
            )
        self._left = left

    async def forget(self) -> None:
        """Forget what is older than its days, and what has expired."""
        missed = await self.bus.store.webhooks.pass_over(self.now() - self._age("messages"))
        for name, number in missed.items():
            _log.error("messages are forgotten that a webhook has not taken", webhook=name, messages=number)
        for what in KEPT:
            if gone := await self.bus.store.retention.purge(what, self.now() - self._age(what)):
                _log.info("forgot what was old", what=what, rows=gone)
        await self.bus.store.logins.prune(self.now() - LOGINS)
        await self.bus.store.attempts.prune(ATTEMPTS_S)

    def _age(self, what: Kept) -> timedelta:
        if what in EXPIRING:
            return timedelta()
        return IDEMPOTENCY if what == "idempotency_keys" else timedelta(days=self.days[what])
