"""How one kind is read and written: what the engine asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import Change, Live, Owned, Resource, Trace
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._reach import Write


class Driver(Protocol):
    """How one kind is read and written. All functions raise the client's typed errors.

    A driver that inherits it answers `detail`, `cost`, `waiting` and `prepare` as most do.
    """

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        """Everything live that any of these resources could mean, each with all its fields."""

    async def rows(self, view: View) -> list[Live]:
        """Everything of this kind, as far as the cheap bulk reads show it."""

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        """These of the `rows` with all their fields, in the same order; those that went meanwhile are left out."""
        return list(lives)  # most rows show everything

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        """The resource with open choices made (slots, node) and references checked. Raises InvalidInput.

        `applied` is what was applied last: choices that were made then are made again.
        """

    def cost(self, live: Live, resource: Resource, changes: Sequence[Change]) -> Sequence[Change]:
        """The changes with their true impact on this very object when they are made together, and with the reason."""
        return changes

    def waiting(self, live: Live) -> Sequence[Change]:
        """What was changed before and waits for a reboot."""
        return ()

    async def prepare(self, run: Run, resource: Resource) -> None:
        """Get ready what a replacement needs, before anything is destroyed for it."""
        return None  # most need nothing

    async def unsecurable(self, view: View, live: Live, changes: Sequence[Change]) -> str | None:
        """Why an object could not be taken back to before these changes; empty where it can.

        None for what needs no way back but its manifest: all that holds no data.
        """
        return None

    async def secure(self, run: Run, live: Live, name: str, *, again: bool) -> str:
        """Keep an object as it is, by a name with this in it; the command that goes back to it.

        With `again`, what an earlier run kept for this application stands for the same.
        """
        return ""

    async def unsecure(self, run: Run, live: Live) -> None:
        """Let go of all that was kept of an object for this application."""
        return None

    async def create(self, run: Run, resource: Resource) -> Live: ...

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live: ...

    async def delete(self, run: Run, live: Live) -> None: ...

    async def release(self, run: Run, live: Live) -> None:
        """Let an object stay that is given up: take away the mark that it carries."""
        return None  # most carry none

    def node_of(self, name: str) -> str:
        """The node without which an object of this name cannot be seen; nothing for most."""
        return ""

    async def whereabouts(self, view: View, owned: Owned) -> str:
        """The node that an owned object stands on now, and without which it cannot be seen; nothing for most."""
        return self.node_of(owned.key.name)

    async def traces(
        self, view: View, owned: Owned, live: Live | None, changes: Sequence[Change], since: datetime
    ) -> Mapping[str, Trace]:
        """What the cluster's tasks prove about who made these changes since then, by path.

        Of an object that is gone: who destroyed it, by the empty path. What no task proves is not in it.
        """
        return {}  # most changes leave no task

    def writes(self) -> Sequence[Write]:
        """The methods that configure its objects, for the count of what can be declared."""
