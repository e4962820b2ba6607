"""The bridges that guests plug into: which node has which, and whether a guest finds those that it names.

PVE takes any name, and then cannot start the guest (facts.md 17). A node is asked once, and only where a guest's bridge
is new or its node is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._rights import sees_all
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

_AT_ONCE = 16
"""Nodes that are asked at a time."""
_NETWORK, _VNETS = "/nodes/{node}/network", "/cluster/sdn/vnets"


def named(guest: GuestDriver, fields: Fields) -> dict[str, str]:
    """The bridges that these fields name, by the field."""
    found = {path: str(value) for path, value in fields.items() if path.endswith(".bridge")}
    return {p: value for p, value in found.items() if (leaf := guest.schema.leaf(p)) and "Bridge" in leaf.wire.refers}


async def on_nodes(view: View, nodes: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """What guests of these nodes can plug into: bridges and VNets, those that are being made included."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def live(node: str) -> list[dict[str, str]]:
        async with places:
            rows: list[dict[str, str]] = await view.pve.get(_NETWORK, {"node": node, "type": "any_bridge"})
            return rows

    nodes = list(nodes)
    answers = await asyncio.gather(*(view.once(f"bridges of {node}", partial(live, node)) for node in nodes))
    vnets = {key.name for key in view.wanted if key.kind == "SDNVNet"}
    made = [key.name.partition("/") for key in view.wanted if key.kind == "Bridge"]
    return {
        node: frozenset({row["iface"] for row in rows} | vnets | {own for where, _, own in made if where == node})
        for node, rows in zip(nodes, answers, strict=True)
    }


async def check(guest: GuestDriver, view: View, resource: Resource, live: Live | None) -> None:
    """Whether each bridge that is new is where the guest may run. Raises InvalidInput."""
    before = live.fields if live is not None else {}
    new = {path: name for path, name in named(guest, resource.fields).items() if before.get(path) != name}
    if not new:
        return
    node = live.identity["node"] if live is not None else resource.fields.get("node")
    everywhere = await view.nodes()
    nodes = [str(node)] if node is not None else _asked(resource, everywhere)
    known = frozenset().union(*(await on_nodes(view, nodes)).values())
    for path, name in new.items():
        if name in known or not await sees_all(view) or await _waits(view, name):
            continue
        others = [other for other, has in (await on_nodes(view, everywhere)).items() if name in has]
        where = f" on {', '.join(nodes)}" if others else ""
        hint = f"there: {', '.join(sorted(known))}" + (f"; {name} is on {', '.join(others)}" if others else "")
        raise resource.invalid(f"spec.{path}", f"there is no bridge {name!r}{where}", hint)


def _asked(resource: Resource, online: list[str]) -> list[str]:
    placement = resource.spec.placement  # type: ignore[attr-defined]
    wanted = placement.nodes if placement is not None else None
    return [node for node in online if not wanted or node in wanted]


async def _waits(view: View, name: str) -> bool:
    """A VNet that was written and is not applied yet stands on no node."""
    facts = await view.pve.api()
    if facts.method("GET", _VNETS) is None:
        return False
    rows = await view.once("vnets that wait", lambda: view.pve.get(_VNETS, {"pending": True}))
    return any(row["vnet"] == name for row in rows)


async def wished(guest: GuestDriver, view: View, fields: Fields) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """The bridges of a guest without a node, as far as any node has them; and what each node has."""
    wanted = frozenset(named(guest, fields).values()) if "node" not in fields else frozenset()
    if not wanted:
        return wanted, {}
    has = await on_nodes(view, await view.nodes())
    return wanted & frozenset().union(*has.values()), has
