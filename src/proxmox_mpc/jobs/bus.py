"""The event bus: what is told is kept first, then all are woken. So nothing is lost, and all can be read back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.store import Message, NewMessage, Store
from proxmox_mpc.telemetry import Logger

POLL_S = 2.0
"""How long a message of another process stays unseen at the most, where no wake-up comes."""
_log = Logger("jobs")


@dataclass(frozen=True)
class Bus:
    """Messages of a store, with wake-ups."""

    store: Store
    wakeups: WakeUps
    poll_s: float = POLL_S

    async def publish(self, messages: Sequence[NewMessage]) -> None:
        """Tell something: it is durable when this returns."""
        await self.store.messages.append(messages)
        await self.wakeups.wake("messages")

    async def tail(self, after: int, rooms: Collection[str] = ()) -> AsyncIterator[list[Message]]:
        """All messages after a number, in their order, as they come; it never ends, and outlives a lost database."""
        while True:
            seen = self.wakeups.count("messages")
            try:
                found = await self.store.messages.read(after, rooms=rooms)
            except Exception as error:
                _log.warning("messages cannot be read; trying again", why=type(error).__name__)
                found = []
            if found:
                yield found
                after = found[-1].id
            else:
                await self.wakeups.after("messages", seen, self.poll_s)
