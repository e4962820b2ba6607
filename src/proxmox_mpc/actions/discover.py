"""Show everything that the cluster holds, in one call."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.applications import snapshots
from proxmox_mpc.kinds import _cordon


class DiscoverRequest(Request):
    """The whole cluster."""


class NodeView(Result):
    """One node and what it carries; `closed` is why no guest is placed on it."""

    name: str
    status: str
    cpus: int
    cpu: float
    memory: int
    memory_used: int
    uptime: int
    vms: int
    containers: int
    closed: str = ""


class DiscoverResult(Result):
    """The cluster: version, nodes, how much of everything, and how much has changed since the last look."""

    context: str
    version: str
    name: str
    quorate: bool
    nodes: list[NodeView]
    counts: dict[str, int]
    running: int
    changes: int
    resources: list[dict[str, Any]]


@action(permission="resources:read", route="GET /contexts/current/discover")
async def discover(session: Session, request: DiscoverRequest) -> DiscoverResult:
    """Show everything that the cluster holds: nodes, guests, storages, pools, networks."""
    view = await session.view()
    version = await view.pve.version()
    rows = await view.resources()
    status = await view.pve.get("/cluster/status")
    cluster: dict[str, Any] = next((row for row in status if row["type"] == "cluster"), {})
    guests = [row for row in rows if row["type"] in ("qemu", "lxc")]
    names = {"qemu": "vms", "lxc": "containers", "storage": "storages", "pool": "pools", "node": "nodes"}
    closed = await _cordon.closed(view, await view.nodes())
    counts: dict[str, int] = {}
    for row in rows:
        word = "templates" if row.get("template") else names.get(row["type"], f"{row['type']}s")
        counts[word] = counts.get(word, 0) + 1
    nodes = [
        NodeView(
            name=row["node"],
            status=str(row.get("status", "unknown")),
            cpus=int(row.get("maxcpu") or 0),
            cpu=float(row.get("cpu") or 0),
            memory=int(row.get("maxmem") or 0),
            memory_used=int(row.get("mem") or 0),
            uptime=int(row.get("uptime") or 0),
            vms=sum(g["node"] == row["node"] and g["type"] == "qemu" for g in guests),
            containers=sum(g["node"] == row["node"] and g["type"] == "lxc" for g in guests),
            closed=closed.get(row["node"], ""),
        )
        for row in rows
        if row["type"] == "node"
    ]
    context = await session.context()
    changes = await snapshots.record(await session.store(), context.name, rows)
    return DiscoverResult(
        context=context.name,
        changes=changes,
        version=version.release,
        name=str(cluster.get("name", "")),
        quorate=bool(cluster.get("quorate", 1)),
        nodes=sorted(nodes, key=lambda node: node.name),
        counts=counts,
        running=sum(g.get("status") == "running" for g in guests),
        resources=rows,
    )
