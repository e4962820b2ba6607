"""Which cluster a context's records are about: a context that points elsewhere now must not act on them.

Ownership is kept by the context's name. When that name comes to mean another cluster (`PROXMOX_ENDPOINTS` changed, a
file was copied), records of the first would claim objects of the second. So the first write remembers what the cluster
calls itself and its nodes, and every later plan compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import DeniedError, RefusedError

if TYPE_CHECKING:
    from proxmox_mpc.kinds._view import View
    from proxmox_mpc.store import Store

RECORD = "Cluster"
"""The kind under which a context's cluster is remembered among its resources; no manifest can name it."""


class OtherCluster(RefusedError):
    """The context means another cluster than the one that its records are about; nothing was read or changed."""

    code = "context.other-cluster"


async def look(view: View) -> dict[str, Any]:
    """What a cluster calls itself and its nodes; a login that may not ask for the name still sees the nodes."""
    nodes = sorted(str(row["node"]) for row in await view.rows("node"))
    try:
        status = await view.status()
    except DeniedError:
        return {"name": "", "nodes": nodes}
    name = next((str(row["name"]) for row in status if row["type"] == "cluster"), "")
    return {"name": name, "nodes": nodes}


async def confirm(store: Store, context: str, seen: Mapping[str, Any]) -> None:
    """Raises OtherCluster where the records are about a cluster of another name that shares no node with this one."""
    record = await store.resources.get(context, RECORD, "", context)
    if record is None:
        return
    known = record.identity
    if known["name"] == seen["name"] and (known["name"] or set(known["nodes"]) & set(seen["nodes"])):
        return
    if set(known["nodes"]) & set(seen["nodes"]):
        return  # a node joined a cluster, or the cluster was renamed
    was, now = (str(one["name"] or ", ".join(one["nodes"])) for one in (known, seen))
    raise OtherCluster(
        f"context {context!r} means cluster {now} now; what was applied through it lives on {was}",
        hint="use another context name for another cluster: proxmox-cli config set-context NAME …",
    )


async def remember(store: Store, context: str, seen: Mapping[str, Any], now: datetime) -> None:
    """Note which cluster this context's records are about."""
    from proxmox_mpc.store import OwnedResource

    await store.resources.put(OwnedResource(context, RECORD, "", context, "", "", dict(seen), {}, now))
