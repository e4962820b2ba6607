"""/nodes/{node}/storage: the storages that a node sees, and how full they are."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
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
    space = _space.space(cluster, name, call.node)
    enabled = definition.get("disable") != "1"
    return {
        "type": definition["type"],
        "content": _space.content_of(definition),
        "enabled": int(enabled),
        "active": int(enabled),
        "shared": int(cluster.is_shared(name)),
        "total": space.total if enabled else 0,
        "used": space.used if enabled else 0,
        "avail": space.free if enabled else 0,
    }


@answers("GET", "/nodes/{node}/storage")
def listing(call: Call) -> Any:
    cluster, rows = call.cluster, []
    for name, definition in cluster.storages.items():
        nodes = definition.get("nodes", "")
        if (
            nodes
            and call.text("target", call.node.name) not in nodes.split(",")
            or (nodes and call.node.name not in nodes.split(","))
        ):
            continue
        if call.flag("enabled") and definition.get("disable") == "1":
            continue
        if "storage" in call.params and name != call.text("storage"):
            continue
        if wanted := call.items("content"):
            if not any(_space.allows(definition, c) for c in wanted):
                continue
        if not call.may(f"/storage/{name}", "Datastore.Audit", "Datastore.AllocateSpace", "Datastore.AllocateTemplate"):
            continue
        row = {"storage": name, **_status(call, name)}
        if row["total"]:
            row["used_fraction"] = row["used"] / row["total"]
        if call.flag("format") and row["active"]:
            supported, default = _FORMATS.get(definition["type"], (("raw",), "raw"))
            default = definition.get("format", default)
            row["formats"] = {"supported": list(supported), "default": default}
            row["format"] = [dict.fromkeys(supported, 1), default]
        rows.append(row)
    return rows


@answers("GET", "/nodes/{node}/storage/{storage}/status")
def read(call: Call) -> Any:
    storage_or_refuse(call)
    return _status(call, call.text("storage"))
