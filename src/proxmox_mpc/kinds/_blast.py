"""Whom a change disturbs besides the object itself: guests that go down, move, or lose what they stand on.

Only what runs is disturbed. Guests behind a network or a storage are known by their configs, which are read once, and
only when something that they may stand on changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest_ha import STATE
from proxmox_mpc.kinds._kind import SET, Change, Hit, Live, Resource
from proxmox_mpc.kinds._view import View

_AT_ONCE = 16
"""Configs that are read at a time."""


async def guest(view: View, live: Live, resource: Resource | None, changes: Sequence[Change], gone: bool) -> list[Hit]:
    """What happens to a guest itself that is changed or deleted."""
    runs = live.facts.get("status") == "running"
    worst = max((change.impact for change in changes), default=Impact.NONE)
    if gone:
        how = "is stopped and destroyed" if runs else "is destroyed"
        return [await _hit(view, live.identity, live.key.label, Impact.DATA_LOSS, how, resource)]
    ways = [way for change in changes if (way := _way(change))]
    if not ways or not runs:
        return []
    return [await _hit(view, live.identity, live.key.label, worst, ", ".join(dict.fromkeys(ways)), resource)]


def _way(change: Change) -> str:
    if change.impact < Impact.RESTART:
        return ""
    if change.path == "state":
        return "is shut down"
    if change.path == "node":
        return f"moves to {change.new}" + (", restarted" if change.reason else "")
    if change.detaches:
        return f"loses {change.path.rpartition('.')[2]}" + (", and is restarted" if change.restarts else "")
    return "is restarted" if change.restarts else "is stopped and started"


@dataclass(frozen=True)
class Footing:
    """What guests may stand on: which of them do, by their config, on which nodes (all where none is named)."""

    stands: Callable[[Mapping[str, Any]], bool]
    nodes: Collection[str] = ()


def on_bridges(names: Collection[str], nodes: Collection[str] = ()) -> Footing:
    """Guests with a card on one of these bridges or virtual networks."""
    ends = tuple(f"bridge={name}" for name in names)
    return Footing(
        lambda c: any(k.startswith("net") and set(ends) & set(str(v).split(",")) for k, v in c.items()), nodes
    )


def on_storage(name: str) -> Footing:
    """Guests with a volume on this storage."""
    return Footing(lambda config: any(isinstance(v, str) and v.startswith(f"{name}:") for v in config.values()))


async def behind(view: View, footing: Footing, how: str) -> list[Hit]:
    """The running guests that stand on it."""
    rows = [
        row
        for row in await view.rows("qemu", "lxc")
        if row.get("status") == "running" and (not footing.nodes or row["node"] in footing.nodes)
    ]
    places = asyncio.Semaphore(_AT_ONCE)
    configs = await asyncio.gather(*(_config(view, row, places) for row in rows))
    found = [row for row, config in zip(rows, configs, strict=True) if footing.stands(config)]
    labels = [f"{row['pool'] if row.get('pool') else 'default'}/{row.get('name', row['vmid'])}" for row in found]
    return [await _hit(view, row, label, Impact.NONE, how, None) for row, label in zip(found, labels, strict=True)]


async def _config(view: View, row: Mapping[str, Any], places: asyncio.Semaphore) -> Mapping[str, Any]:
    async def read() -> Mapping[str, Any]:
        async with places:
            try:
                where = {"node": row["node"], "vmid": row["vmid"]}
                config: Mapping[str, Any] = await view.pve.get(f"/nodes/{{node}}/{row['type']}/{{vmid}}/config", where)
            except NotFoundError:
                return {}  # it went, or moved, meanwhile
            return config

    found: Mapping[str, Any] = await view.once(f"config of {row['vmid']}", partial(read))
    return found


async def _hit(
    view: View, row: Mapping[str, Any], label: str, impact: Impact, how: str, resource: Resource | None
) -> Hit:
    vmid = int(row["vmid"])
    return Hit(label, vmid, impact, how, tuple(await _services(view, vmid, resource)))


async def _services(view: View, vmid: int, resource: Resource | None) -> list[str]:
    """What people may know the guest as a part of: the HA service, the set that it is one of."""
    row = next((row for row in await view.rows("qemu", "lxc") if row["vmid"] == vmid), {})
    found = [f"HA service {'vm' if row.get('type') == 'qemu' else 'ct'}:{vmid}"] if row.get(STATE) else []
    if resource is not None and resource.member is not None:
        return [*found, str(resource.member.set)]
    sets: Mapping[int, str] = await view.once("sets by VMID", lambda: _sets(view))
    return [*found, *([sets[vmid]] if vmid in sets else [])]


async def _sets(view: View) -> dict[int, str]:
    owned = (await view.remembered()).values()
    named = ((item.identity.get("vmid"), (item.applied or {}).get(SET)) for item in owned)
    return {int(vmid): str(of) for vmid, of in named if vmid is not None and of}
