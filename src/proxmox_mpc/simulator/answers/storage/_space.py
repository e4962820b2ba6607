"""How full a storage is, and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator.state.cluster import Cluster, Node
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


def root_disk(cluster: Cluster, node: Node) -> Space:
    """The node's root file system; every directory storage below it shares it."""
    used = sum(_volumes_used(cluster, n, node.name) for n, d in cluster.storages.items() if d["type"] == "dir")
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
    if definition["type"] == "dir" and not cluster.is_shared(name) and not own:
        disk = root_disk(cluster, node)
        return Space(disk.total, disk.total) if name in cluster.full_storages else disk
    total = own.get("total", sizes.get("total", _DEFAULT_SIZE))
    used = _volumes_used(cluster, name, node.name)
    if own:
        used = _as_planted(own, used)
    return Space(int(total), int(total if name in cluster.full_storages else min(used, total)))
