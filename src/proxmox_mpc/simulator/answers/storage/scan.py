"""/nodes/{node}/scan: what a node could make storages of. Servers offer what the storages of this cluster use of them;
no other can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers

_PATH = "/nodes/{node}/scan"


@answers("GET", _PATH)
def scans(call: Call) -> Any:
    return [{"method": name} for name in ("cifs", "iscsi", "lvm", "nfs", "pbs", "zfs")]


def _names(call: Call, kind: str) -> Iterator[str]:
    return (space.name for space in call.node.spaces if space.kind == kind)


@answers("GET", f"{_PATH}/lvm")
def groups(call: Call) -> Any:
    return [{"vg": name} for name in _names(call, "lvm")]


@answers("GET", f"{_PATH}/lvmthin")
def thin_pools(call: Call) -> Any:
    if call.text("vg") not in _names(call, "lvm"):
        die(f'Volume group "{call.text("vg")}" not found')
    return [{"lv": s.name} for s in call.node.spaces if s.kind == "lvmthin" and s.group == call.text("vg")]


@answers("GET", f"{_PATH}/zfs")
def pools(call: Call) -> Any:
    return [{"pool": name} for name in _names(call, "zfs")]


def _offered(call: Call, kind: str, what: str) -> list[str]:
    """What storages of a type use of a server."""
    key = "portal" if kind == "iscsi" else "server"
    asked = call.text(key)
    return sorted({d[what] for d in call.cluster.storages.values() if d["type"] == kind and d.get(key) == asked})


def _unreachable(server: str) -> NoReturn:
    die(f"{server}: No route to host")


@answers("GET", f"{_PATH}/nfs")
def exports(call: Call) -> Any:
    server = call.text("server")
    found = _offered(call, "nfs", "export")
    return [{"path": path, "options": "*"} for path in found] or _unreachable(server)


@answers("GET", f"{_PATH}/cifs")
def shares(call: Call) -> Any:
    server = call.text("server")
    found = _offered(call, "cifs", "share")
    return [{"share": share, "description": ""} for share in found] or _unreachable(server)


@answers("GET", f"{_PATH}/iscsi")
def targets(call: Call) -> Any:
    portal = call.text("portal")
    found = _offered(call, "iscsi", "target")
    return [{"target": target, "portal": portal} for target in found] or _unreachable(portal)


@answers("GET", f"{_PATH}/pbs")
def datastores(call: Call) -> Any:
    server = call.text("server")
    found = _offered(call, "pbs", "datastore")
    return [{"store": store, "comment": ""} for store in found] or _unreachable(server)


@answers("GET", f"{_PATH}/glusterfs")
def volumes(call: Call) -> Any:
    server = call.text("server")
    found = _offered(call, "glusterfs", "volume")
    return [{"volname": name} for name in found] or _unreachable(server)
