"""Who of the cluster is there, as the HA manager sees it: who is its master, whose time runs out, who may take more."""

from __future__ import annotations

from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.ha import FENCE_AFTER, FENCED_AFTER, MAINTENANCE, Service


def available(cluster: Cluster) -> set[str]:
    """Nodes that may take a resource."""
    nodes = cluster.nodes
    return {
        name
        for name, state in cluster.ha.nodes.items()
        if state == "online" and nodes[name].online and not nodes[name].leaving
    }


def elect(cluster: Cluster) -> None:
    """The master is the first node that is there, and stays it as long as it is."""
    if cluster.ha.master not in cluster.nodes or not cluster.nodes[cluster.ha.master].online:
        cluster.ha.master = next(name for name, node in cluster.nodes.items() if node.online)


def watch(cluster: Cluster) -> bool:
    """Who is there, who is gone, and for how long; tells whether somebody's time is running."""
    ha, is_counting = cluster.ha, False
    for name in [n for n in ha.nodes if n not in cluster.nodes]:
        del ha.nodes[name]
    for name, node in cluster.nodes.items():
        if node.online:
            if ha.unseen.pop(name, None) is not None:
                # Somebody may have mended what kept resources from getting there.
                for service in ha.services.values():
                    service.unreachable = ""
            if ha.nodes.get(name) != MAINTENANCE or not node.leaving:
                ha.nodes[name] = "online"
            continue
        if ha.nodes.get(name) is None:
            ha.unseen[name] = FENCED_AFTER
        ha.unseen[name] = min(ha.unseen.get(name, 0) + 1, FENCED_AFTER)
        is_fencing = FENCE_AFTER <= ha.unseen[name] < FENCED_AFTER
        ha.nodes[name] = "fence" if is_fencing and _on(cluster, name) else "unknown"
        is_counting = is_counting or ha.unseen[name] < FENCED_AFTER
    return is_counting


def _on(cluster: Cluster, node: str) -> list[Service]:
    return [s for s in cluster.ha.services.values() if s.node == node and s.state not in ("error", "freeze")]
