"""State snapshots: how guests, nodes and storages were, kept whenever they are looked at as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._kind import Owned

if TYPE_CHECKING:
    from proxmox_mpc.store import Store
    from proxmox_mpc.store.records import ResourceType

# What of a bulk row is state; the rest (usage, uptime, rates) is a reading of the moment.
STATE = (
    "type name node vmid status template tags pool lock hastate maxcpu maxmem maxdisk storage content shared plugintype"
).split()
TYPES: dict[str, ResourceType] = {"qemu": "guest", "lxc": "guest", "node": "node", "storage": "storage"}


async def record(store: Store, context: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Keep the states in these rows of /cluster/resources; the number of changes since the last look."""
    states: dict[ResourceType, dict[str, dict[str, Any]]] = {"guest": {}, "node": {}, "storage": {}}
    for row in rows:
        if (kind := TYPES.get(row["type"])) is not None:
            states[kind][str(row["id"])] = {name: row[name] for name in STATE if name in row}
    changes = 0
    for kind, found in states.items():
        changes += len(await store.snapshots.record(context, kind, found, complete=True))
    return changes


async def since_status(store: Store, context: str, owned: Owned, status: str) -> datetime | None:
    """Since when a guest is known to be in this power state without a break; None where nobody looked."""
    vmid, found = owned.identity.get("vmid"), None
    for type in ("qemu", "lxc") if vmid is not None else ():
        for snapshot in reversed(await store.snapshots.history(context, "guest", f"{type}/{vmid}")):
            if (snapshot.state or {}).get("status") != status:
                break
            found = snapshot.at
    return found
