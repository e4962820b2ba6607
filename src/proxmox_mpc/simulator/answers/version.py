"""/version and the indexes that PVE writes by hand (the others list their children, see `_returns`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import Answer, answers

_RELEASES: Mapping[str, Mapping[str, str]] = {
    "9.1": {"version": "9.1.7", "release": "9.1", "repoid": "16b139a017452f16"},
    "8.4": {"version": "8.4.14", "release": "8.4", "repoid": "b502d23c55afcba1"},
}


@answers("GET", "/version")
def version(call: Call) -> Any:
    return _RELEASES[call.cluster.version]


@answers("GET", "/nodes/{node}/version")
def node_version(call: Call) -> Any:
    return _RELEASES[call.cluster.version]


# Path → (key, names) where PVE's index differs from the children of the path (recorded on 9.1).
_INDEXES: Mapping[str, tuple[str, str]] = {
    "/": ("subdir", "version cluster nodes storage access pools"),
    "/access": ("subdir", "users groups roles acl domains openid tfa ticket password"),
    "/cluster": (
        "name",
        "acme backup backup-info bulk-action ceph config firewall ha jobs log mapping metrics notifications nextid"
        " options replication resources status tasks sdn",
    ),
    "/nodes/{node}": (
        "name",
        "aplinfo apt capabilities ceph certificates config disks dns firewall hardware hosts journal lxc migrateall"
        " netstat network qemu query-oci-repo-tags query-url-metadata replication report rrd rrddata scan sdn services"
        " spiceshell startall status stopall storage subscription suspendall syslog tasks termproxy time version"
        " vncshell vzdump wakeonlan",
    ),
    "/nodes/{node}/qemu/{vmid}": (
        "subdir",
        "config cloudinit pending status unlink vncproxy termproxy migrate resize move rrd rrddata monitor agent"
        " snapshot spiceproxy sendkey firewall mtunnel remote_migrate",
    ),
    "/nodes/{node}/qemu/{vmid}/status": ("subdir", "current start stop reset shutdown suspend reboot"),
    "/nodes/{node}/lxc/{vmid}": (
        "subdir",
        "config pending status vncproxy termproxy vncwebsocket spiceproxy migrate clone rrd rrddata firewall snapshot"
        " resize interfaces",
    ),
    "/nodes/{node}/lxc/{vmid}/status": ("subdir", "current start stop shutdown reboot migrate"),
    "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}": ("cmd", "rollback config"),
    "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}": ("cmd", "rollback config"),
    "/nodes/{node}/qemu/{vmid}/firewall": ("name", "rules aliases ipset refs options"),
    "/nodes/{node}/lxc/{vmid}/firewall": ("name", "rules aliases ipset refs options"),
    "/nodes/{node}/firewall": ("name", "rules options log"),
    "/cluster/firewall": ("name", "aliases rules options groups ipset macros refs"),
    "/cluster/ha": ("id", "status resources groups rules"),
    "/cluster/metrics": ("name", "server"),
    "/nodes/{node}/disks": ("name", "list initgpt smart lvm lvmthin directory wipedisk zfs"),
    "/nodes/{node}/apt": ("id", "changelog repositories update versions"),
    "/nodes/{node}/tasks/{upid}": ("name", "log status"),
    "/nodes/{node}/storage/{storage}": (
        "subdir",
        "content download-url file-restore import-metadata oci-registry-pull prunebackups rrd rrddata status upload",
    ),
}


def _index(key: str, names: str) -> Answer:
    listed = [{key: name} for name in names.split()]
    answer: Callable[[Call], Any] = lambda call: listed  # noqa: E731 one per path
    return answer


for _path, (_key, _names) in _INDEXES.items():
    answers("GET", _path)(_index(_key, _names))
