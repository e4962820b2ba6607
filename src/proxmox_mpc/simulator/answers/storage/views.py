"""/nodes/{node}/storage: the storages that a node sees, and how full they are."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.answers.storage.definitions import storage_or_refuse

_FORMATS = {
    "dir": (("qcow2", "raw", "subvol", "vmdk"), "raw"),
    "nfs": (("qcow2", "raw", "vmdk"), "raw"),
    "cifs": (("qcow2", "raw", "vmdk"), "raw"),
    "btrfs": (("raw", "subvol"), "raw"),
    "lvmthin": (("raw",), "raw"),
    "lvm": (("raw",), "raw"),
    "zfspool": (("raw", "subvol"), "raw"),
    "rbd": (("raw",), "raw"),
}


def _status(call: Call, name: str) -> dict[str, Any]:
    cluster, definition = call.cluster, call.cluster.storages[name]
    enabled = cluster.is_on(name, call.node.name)
    space = _space.space(cluster, name, call.node) if enabled else _space.Space(0, 0)
    return {
        "type": definition["type"],
        "content": _space.content_of(definition),
        "enabled": int(enabled),
        "active": int(enabled),
        "shared": int(cluster.is_shared(name)),
        "total": space.total,
        "used": space.used,
        "avail": space.free,
    }


@answers("GET", "/nodes/{node}/storage")
def listing(call: Call) -> Any:
    cluster, node, target = call.cluster, call.node.name, call.text("target")
    rows = []
    for name, definition in cluster.storages.items():
        wanted = call.items("content")
        if wanted and not (cluster.is_on(name, node) and any(_space.allows(definition, c) for c in wanted)):
            continue
        rows.append((name, definition))
    if "storage" in call.params and call.text("storage") not in [name for name, _ in rows]:
        refuse(storage="No such storage.")
    audit = ("Datastore.Audit", "Datastore.AllocateSpace", "Datastore.AllocateTemplate")
    shown = []
    for name, definition in rows:
        if name != call.text("storage", name) or not call.may(f"/storage/{name}", *audit):
            continue
        if call.flag("enabled") and definition.get("disable") == "1":
            continue
        if target not in ("", node) and not (
            cluster.is_shared(name) and cluster.is_on(name, node) and cluster.is_on(name, target)
        ):
            continue
        shown.append(_row(call, name, definition))
    return shown


def _row(call: Call, name: str, definition: dict[str, str]) -> dict[str, Any]:
    row = {"storage": name, **_status(call, name)}
    if row["total"]:
        row["used_fraction"] = row["used"] / row["total"]
    if call.flag("format") and row["active"]:
        supported, default = _FORMATS.get(definition["type"], (("raw",), "raw"))
        default = definition.get("format", default)
        row["formats"] = {"supported": list(supported), "default": default}
        row["format"] = [dict.fromkeys(supported, 1), default]
    return row


@answers("GET", "/nodes/{node}/storage/{storage}/status")
def read(call: Call) -> Any:
    storage_or_refuse(call)
    return _status(call, call.text("storage"))
