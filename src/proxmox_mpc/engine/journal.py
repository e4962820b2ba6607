"""What an execution tells while it runs: durably to a journal, and in passing to whoever watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from proxmox_mpc.engine.plan import Action
from proxmox_mpc.kinds._kind import Key, Owned


class Journal(Protocol):
    """Where an execution writes down what it does, durably, before and after it does it."""

    async def sending(self, step: str, resource: str, method: str, path: str) -> int: ...

    async def accepted(self, entry: int, upid: str) -> None: ...

    async def done(self, entry: int, told: tuple[Key, str] | None = None) -> None:
        """`told` is a secret of an object that nobody tells again: it is kept with it, or neither is."""

    async def failed(self, entry: int, error: str) -> None: ...

    async def reserve(self, vmid: int, owner: str) -> bool: ...

    async def claim(self, owned: Owned) -> bool:
        """Remember what is about to be made; False where another application owns it."""

    async def unclaim(self, key: Key, before: Owned | None) -> None:
        """What was about to be made was not: remember again what was known before, if anything."""

    async def remember(self, owned: Owned) -> None: ...

    async def forget(self, key: Key) -> None: ...


@dataclass(frozen=True)
class Progress:
    """One thing that happened while a plan runs, as it happens."""

    key: Key
    what: Literal["started", "request", "log", "remark", "done", "failed", "skipped"]
    text: str = ""
    action: Action = Action.NONE
    upid: str = ""
    seconds: float = 0.0
    verb: str = ""
    """What is done, where that is none of a plan's actions: `start`."""
