"""Nodes that a manifest names: those of storages, HA rules, replication jobs."""

from __future__ import annotations

from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._view import View


async def check_nodes(view: View, resource: Resource, live: Live | None, path: str) -> None:
    """Whether the nodes that a field names anew are there; each may be NODE:PRIORITY. Raises InvalidInput."""
    value = resource.fields.get(path)
    if value is None or (live is not None and live.fields.get(path) == value):
        return
    known = {row["node"] for row in await view.rows("node")}
    named = value if isinstance(value, list) else [str(value)]
    if unknown := sorted({name.partition(":")[0] for name in named} - known):
        raise resource.invalid(f"spec.{path}", f"there is no node {unknown[0]!r}", f"nodes: {', '.join(sorted(known))}")
