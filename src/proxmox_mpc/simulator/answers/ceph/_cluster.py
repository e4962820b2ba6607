"""What every answer about Ceph asks first: is it installed, initialized, does it have a quorum; and how full it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.state.ceph import Ceph, CephPool, Daemon, Osd
from proxmox_mpc.simulator.state.cluster import Cluster

# How much of Ceph's log is kept.
_LOG_LINES = 500


def installed(call: Call) -> Ceph:
    """The cluster's Ceph, if the node of the request (or the first one) has the software."""
    ceph = call.cluster.ceph
    node = str(call.params.get("node") or next(iter(call.cluster.nodes)))
    if node not in ceph.installed:
        die("binary not installed: /usr/bin/ceph-mon")
    return ceph


def initialized(call: Call) -> Ceph:
    ceph = installed(call)
    if not ceph.conf:
        die("pveceph configuration not initialized")
    return ceph


def working(call: Call) -> Ceph:
    """A Ceph that answers: more than half of its monitors run."""
    ceph = initialized(call)
    if not ceph.monitors:
        die("rados_connect failed - No such file or directory")
    if len(quorum(call.cluster)) * 2 <= len(ceph.monitors):
        die("got timeout")
    return ceph


def runs(cluster: Cluster, daemon: Daemon | Osd) -> bool:
    return daemon.is_running and cluster.nodes[daemon.node].online


def quorum(cluster: Cluster) -> list[str]:
    """The monitors that run, in their order."""
    return [name for name, monitor in cluster.ceph.monitors.items() if runs(cluster, monitor)]


def note(call: Call, text: str) -> None:
    """Add a line to Ceph's log."""
    log, now = call.cluster.ceph.log, datetime.fromtimestamp(call.cluster.now(), UTC)
    log.append(f"{now:%Y-%m-%dT%H:%M:%S.%f}+0000 mon.{next(iter(call.cluster.ceph.monitors), '?')} {text}")
    del log[:-_LOG_LINES]


def address(call: Call, node: str) -> str:
    return call.cluster.nodes[node].address if node in call.cluster.nodes else ""


def _is_in_pool(cluster: Cluster, definition: Mapping[str, str], pool: str) -> bool:
    """Does a storage keep its data in a pool of this cluster (one with `monhost` belongs to another)?"""
    if definition.get("monhost"):
        return False
    if definition["type"] == "rbd":
        return pool == (definition.get("data-pool") or definition.get("pool", "rbd"))
    if definition["type"] == "cephfs":
        name = definition.get("fs-name") or next(iter(cluster.ceph.filesystems), "")
        return name in cluster.ceph.filesystems and cluster.ceph.filesystems[name].data_pool == pool
    return False


def storages_in(cluster: Cluster, pool: str) -> list[str]:
    return [name for name, definition in cluster.storages.items() if _is_in_pool(cluster, definition, pool)]


def pool_of(cluster: Cluster, definition: Mapping[str, str]) -> str | None:
    """The pool that a storage is in, if it is one of this cluster's."""
    return next((name for name in cluster.ceph.pools if _is_in_pool(cluster, definition, name)), None)


def stored(cluster: Cluster, pool: str) -> int:
    """Bytes of data in a pool."""
    shelves = [volumes for name in storages_in(cluster, pool) for volumes in cluster.volumes.get(name, {}).values()]
    return sum(volume.used for shelf in shelves for volume in shelf.values())


def raw_used(cluster: Cluster) -> int:
    """Bytes on the disks that the data of all pools takes."""
    return sum(int(stored(cluster, name) * pool.overhead) for name, pool in cluster.ceph.pools.items())


def pool(call: Call) -> tuple[str, CephPool]:
    name = call.text("name")
    if name not in call.cluster.ceph.pools:
        die(f"pool '{name}' does not exist")
    return name, call.cluster.ceph.pools[name]
