"""What a node's guests cost it, and its own small load."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator.answers.guests import _vitals
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.cluster import Cluster, Node
from proxmox_mpc.simulator.state.storage import GIB


def memory_used(cluster: Cluster, node: Node) -> int:
    """Bytes in use: the host's own part and what running guests hold."""
    now = cluster.now()
    guests = sum(int(_vitals.load(g, now)["mem"]) for g in cluster.guests.values() if g.node == node.name and g.run)
    return min(node.memory, int(1.2 * GIB) + guests)


def cpu_used(cluster: Cluster, node: Node) -> float:
    """Share of all cores in use, 0 to 1."""
    now = cluster.now()
    guests = sum(
        _vitals.load(g, now)["cpu"] * _vitals.cores(g, cluster)
        for g in cluster.guests.values()
        if g.node == node.name and g.run
    )
    return float(min(1.0, 0.01 + guests / node.cpus))


def usage(cluster: Cluster, node: Node) -> dict[str, Any]:
    """A node's row: cpu, mem, disk and their limits."""
    root = _space.root_disk(cluster, node)
    return {
        "cpu": cpu_used(cluster, node),
        "maxcpu": node.cpus,
        "mem": memory_used(cluster, node),
        "maxmem": node.memory,
        "disk": root.used,
        "maxdisk": root.total,
        "uptime": int(cluster.now() - node.booted),
    }
