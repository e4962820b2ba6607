"""Writes that wait on the cluster until they are applied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View


@dataclass(frozen=True)
class Stage:
    """Writes that wait until they are applied together.

    `waiting` are the objects that wait there now, `apply` puts everything that waits in force, and `revert`, where
    there is one, takes it back when not all of it could be written. `where` tells people where to look.
    """

    name: str
    where: str
    waiting: Callable[[View], Awaitable[Sequence[Key]]]
    apply: Callable[[Run], Awaitable[None]]
    revert: Callable[[Run], Awaitable[None]] | None = None
