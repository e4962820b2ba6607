"""What a node's guests cost it, and its own small load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.simulator.answers.guests import _vitals
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.cluster import Cluster, Node
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB


def running(cluster: Cluster) -> dict[str, list[Guest]]:
    """The running guests of each node."""
    found: dict[str, list[Guest]] = {name: [] for name in cluster.nodes}
    for guest in cluster.guests.values():
        if guest.run:
            found[guest.node].append(guest)
    return found


def memory_used(cluster: Cluster, node: Node, guests: Sequence[Guest]) -> int:
    """Bytes in use: the host's own part and what its running guests hold."""
    now = cluster.now()
    return min(node.memory, int(1.2 * GIB) + sum(int(_vitals.load(guest, now)["mem"]) for guest in guests))


def cpu_used(cluster: Cluster, node: Node, guests: Sequence[Guest]) -> float:
    """Share of all cores in use, 0 to 1."""
    now = cluster.now()
    busy = sum(_vitals.load(guest, now)["cpu"] * _vitals.cores(guest, cluster) for guest in guests)
    return float(min(1.0, 0.01 + busy / node.cpus))


def usage(cluster: Cluster, node: Node, guests: Sequence[Guest]) -> dict[str, Any]:
    """A node's row: cpu, mem, disk and their limits, given its running guests."""
    root = _space.root_disk(cluster, node)
    return {
        "cpu": cpu_used(cluster, node, guests),
        "maxcpu": node.cpus,
        "mem": memory_used(cluster, node, guests),
        "maxmem": node.memory,
        "disk": root.used,
        "maxdisk": root.total,
        "uptime": int(cluster.now() - node.booted),
    }
