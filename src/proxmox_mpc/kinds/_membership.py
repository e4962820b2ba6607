"""What a guest is told of the set that it is one of."""

from __future__ import annotations

from dataclasses import dataclass

from proxmox_mpc.kinds._kind import Key


@dataclass(frozen=True)
class Membership:
    """That a resource is one of a set.

    `names` are those of the whole set, `spread` says how they share nodes. Of changes that take a replica down,
    `at_once` go on at the same time, those of a lower `rank` first.
    """

    set: Key
    names: frozenset[str]
    spread: str
    at_once: int
    rank: int
