"""A twin: a cluster's inventory and configuration as a seed file of the simulator, without its secrets.

Nodes, storages, volumes and guests are planted as they are; whatever else the API can make is written down as the
requests that make it (`_collections.py`), so that the twin checks and stores them as the real cluster did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxmox_mpc.generators.twin import _access, _collections, _firewalls, _guests, _hosts, _networks
from proxmox_mpc.generators.twin._reader import Reader

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster


@dataclass(frozen=True)
class Twin:
    """What a simulator needs to start as the cluster: its `seed`, and what of the cluster is not in it."""

    seed: dict[str, Any]
    left_out: list[str]


async def read(pve: Cluster, tell: Callable[[str], None] = lambda text: None) -> Twin:
    """Read the whole cluster; what this login may not see, or a node that is down cannot tell, is left out and named.

    About seven requests per guest and three per node and storage, plus those of the configuration. `tell` hears how
    far it is.
    """
    version = await pve.version()
    reader = Reader(pve, await pve.api(), tell)
    rows = _reachable(reader, await pve.get("/cluster/resources"))
    nodes = await _hosts.nodes(reader, rows)
    guests = await _guests.guests(reader, rows)
    requests = [
        *await _access.requests(reader),
        *await _collections.before_guests(reader),
        *await _networks.requests(reader),
        *await _collections.after_guests(reader, rows),
        *await _firewalls.requests(reader, rows),
    ]
    seed: dict[str, Any] = {
        "version": version.facts,
        "nodes": nodes,
        "storages": await _hosts.storages(reader, rows),
        "files": await _hosts.files(reader, rows),
        "guests": guests,
        "pools": await _collections.pools(reader),
        "requests": requests,
    }
    status = await reader.get("/cluster/status") or []
    if name := next((row["name"] for row in status if row["type"] == "cluster"), ""):
        seed["name"] = name
    return Twin(seed, reader.left_out())


def _reachable(reader: Reader, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the guests and storages of nodes that are down: only their node could tell of them."""
    down = {row["node"] for row in rows if row["type"] == "node" and row.get("status") != "online"}
    for node in sorted(down):
        guests = sum(row["type"] in ("qemu", "lxc") and row["node"] == node for row in rows)
        reader.leave_out(f"node {node}", f"it is down; its guests ({guests}) and storages are not in the twin")
    return [row for row in rows if row["type"] == "node" or row.get("node") not in down]
