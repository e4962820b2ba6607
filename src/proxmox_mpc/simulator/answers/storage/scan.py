"""/nodes/{node}/scan: what a node could make storages of. Servers offer what the storages of this cluster use of them;
no other can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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


# What of a server storages use, by their type: the parameter that names the server, the storage's setting, how a row
# calls it, and what else stands in a row.
_SERVERS: dict[str, tuple[str, str, str, Callable[[str], dict[str, str]]]] = {
    "nfs": ("server", "export", "path", lambda server: {"options": "*"}),
    "cifs": ("server", "share", "share", lambda server: {"description": ""}),
    "iscsi": ("portal", "target", "target", lambda server: {"portal": server}),
    "pbs": ("server", "datastore", "store", lambda server: {"comment": ""}),
    "glusterfs": ("server", "volume", "volname", lambda server: {}),
}


def _register(kind: str) -> None:
    named, setting, column, rest = _SERVERS[kind]

    @answers("GET", f"{_PATH}/{kind}")
    def offers(call: Call) -> Any:
        server, storages = call.text(named), call.cluster.storages.values()
        found = sorted({d[setting] for d in storages if d["type"] == kind and d.get(named) == server})
        if not found:
            die(f"{server}: No route to host")
        return [{column: one, **rest(server)} for one in found]


for _kind in _SERVERS:
    _register(_kind)
