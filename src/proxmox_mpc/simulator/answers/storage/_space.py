"""How full a storage is, and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator.answers.ceph import _cluster as _ceph
from proxmox_mpc.simulator.state.cluster import Cluster, Node
from proxmox_mpc.simulator.state.disks import Space as DiskSpace
from proxmox_mpc.simulator.state.storage import GIB

# What a storage may hold when its definition does not say (PVE::Storage plugins, 9.1).
_DEFAULT_CONTENT = {
    "dir": "images,rootdir",
    "nfs": "images",
    "cifs": "images",
    "lvm": "images",
    "lvmthin": "images",
    "zfs": "images",
    "zfspool": "images",
    "rbd": "images",
    "iscsi": "images",
    "iscsidirect": "images",
    "cephfs": "backup",
    "btrfs": "images,rootdir",
    "pbs": "backup",
    "esxi": "import",
}

# A storage without a size of its own in the seed.
_DEFAULT_SIZE = 500 * GIB

# Where a seed's sizes name the nodes' root disks, beside those of storages.
_ROOT = "/"

# The operating system on the root disk.
_SYSTEM_SIZE = 4 * GIB


@dataclass(frozen=True)
class Space:
    """Bytes."""

    total: int
    used: int

    @property
    def free(self) -> int:
        return max(0, self.total - self.used)


def content_of(definition: Mapping[str, str]) -> str:
    return definition.get("content") or _DEFAULT_CONTENT.get(definition["type"], "images")


def allows(definition: Mapping[str, str], content: str) -> bool:
    return content in content_of(definition).split(",")


def _volumes_used(cluster: Cluster, storage: str, node: str) -> int:
    return sum(v.used for v in cluster.shelf(storage, node).values())


def is_on_space(definition: Mapping[str, str], space: DiskSpace) -> bool:
    """Does a storage of this definition keep its volumes in a volume group, pool or directory?"""
    kind = definition["type"]
    if kind == "lvmthin":
        wanted = ("lvmthin", definition["thinpool"], definition["vgname"])
        return (space.kind, space.name, space.group) == wanted
    if kind == "lvm":
        return space.kind == "lvm" and space.name == definition["vgname"]
    if kind == "zfspool":
        return space.kind == "zfs" and space.name == definition["pool"].partition("/")[0]
    return kind == "dir" and space.kind == "directory" and f"{definition['path']}/".startswith(f"{space.mount_point}/")


def space_of(node: Node, definition: Mapping[str, str]) -> DiskSpace | None:
    """What of the node's disks a storage is on, if it is known."""
    return next((space for space in node.spaces if is_on_space(definition, space)), None)


def used_of(cluster: Cluster, node: Node, space: DiskSpace) -> int:
    """Bytes that the storages on a volume group, pool or directory hold of it."""
    found = [name for name, definition in cluster.storages.items() if is_on_space(definition, space)]
    return min(space.size, sum(_held(cluster, name, node) for name in found))


def _held(cluster: Cluster, name: str, node: Node) -> int:
    """Bytes in use on a storage: by its volumes, and by what a seed said beyond them."""
    used = _volumes_used(cluster, name, node.name)
    own = cluster.files.get("sizes", {}).get(name, {}).get(node.name)
    return _as_planted(own, used) if own else used


def root_disk(cluster: Cluster, node: Node) -> Space:
    """The node's root file system; every directory storage below it shares it."""
    here = [n for n, d in cluster.storages.items() if d["type"] == "dir" and space_of(node, d) is None]
    used = sum(_volumes_used(cluster, name, node.name) for name in here)
    own = cluster.files.get("sizes", {}).get(_ROOT, {}).get(node.name)
    return Space(node.disk, _as_planted(own, used) if own else _SYSTEM_SIZE + used)


def _as_planted(own: dict[str, int], used: int) -> int:
    """How full a seed said that it is: what its volumes did not explain then stays used, or free."""
    own.setdefault("others", own["used"] - used)
    return max(0, used + own["others"])


def space(cluster: Cluster, name: str, node: Node) -> Space:
    definition = cluster.storages[name]
    sizes = cluster.files.get("sizes", {}).get(name, {})
    own = sizes.get(node.name, {})
    if not own and "total" not in sizes and (pool := _ceph.pool_of(cluster, definition)):
        stored = _ceph.stored(cluster, pool)
        room = cluster.ceph.room(cluster.ceph.pools[pool], _ceph.raw_used(cluster))
        return Space(stored + room, stored + room if name in cluster.full_storages else stored)
    if not own and "total" not in sizes and (below := space_of(node, definition)):
        full = name in cluster.full_storages
        return Space(below.size, below.size if full else used_of(cluster, node, below))
    if definition["type"] == "dir" and not cluster.is_shared(name) and not own:
        disk = root_disk(cluster, node)
        return Space(disk.total, disk.total) if name in cluster.full_storages else disk
    total = own.get("total", sizes.get("total", _DEFAULT_SIZE))
    used = _held(cluster, name, node)
    return Space(int(total), int(total if name in cluster.full_storages else min(used, total)))
