"""How what is owned differs from what was applied last. A migrated guest has not drifted, nor has one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from proxmox_mpc.engine.diff import three_way
from proxmox_mpc.engine.pruning import find_owned
from proxmox_mpc.kinds._kind import SUMMARY, UNKNOWN_KEYS, Change, Key, Kind, Live, Owned
from proxmox_mpc.kinds._view import View

State = Literal["synced", "drifted", "restart pending", "unfinished", "missing", "unknown"]


@dataclass(frozen=True)
class Member:
    """One owned resource as it is found: `changes` are what would take it back to what was applied."""

    key: Key
    owned: Owned
    state: State
    live: Live | None = None
    changes: tuple[Change, ...] = ()
    detail: str = ""

    @property
    def where(self) -> str:
        """What the cluster knows it by, as far as its name does not say it."""
        if self.live is None:
            return ""
        names = (self.key.name, self.key.label)
        return " ".join(str(value) for value in self.live.identity.values() if str(value) not in names)


async def members(
    view: View, kind_of: Callable[[str], Kind], owned: Mapping[Key, Owned], application: str
) -> list[Member]:
    """How these resources of an application are, by key: one bulk read per kind, and the guests' configs."""
    lost = await _out_of_sight(view, kind_of, owned)
    seen = {key: item for key, item in owned.items() if key not in lost}
    found = await find_owned(view, kind_of, seen, application)
    there = [_member(kind_of(key.kind), key, item, found.get(key)) for key, item in seen.items()]
    away = [Member(key, owned[key], "unknown", detail=f"{node} is offline") for key, node in lost.items()]
    return sorted([*there, *away], key=lambda member: member.key)


async def _out_of_sight(view: View, kind_of: Callable[[str], Kind], owned: Mapping[Key, Owned]) -> dict[Key, str]:
    """What stands on a node that is offline, with that node: it is not gone, it cannot be seen."""
    offline = await view.offline() if owned else set()
    if not offline:
        return {}
    nodes = await asyncio.gather(*(kind_of(key.kind).driver.whereabouts(view, item) for key, item in owned.items()))
    return {key: node for key, node in zip(owned, nodes, strict=True) if node in offline}


def _member(kind: Kind, key: Key, owned: Owned, live: Live | None) -> Member:
    if live is None:
        return Member(key, owned, "missing", detail="is not on the cluster any more")
    if owned.applied is None:
        return Member(key, owned, "unfinished", live, detail="its creation did not end; apply again")
    if changes := three_way(kind.schema, live.fields, owned.applied, owned.applied):
        return Member(key, owned, "drifted", live, tuple(changes))
    if waits := sorted({name for change in kind.driver.waiting(live) for name in change.waits}):
        return Member(key, owned, "restart pending", live, detail=", ".join(waits))
    unknown = f"not known here, and kept: {live.facts[UNKNOWN_KEYS]}" if UNKNOWN_KEYS in live.facts else ""
    return Member(key, owned, "synced", live, detail=unknown or str(live.facts.get(SUMMARY, "")))
