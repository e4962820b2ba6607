"""POST /nodes/{node}/status: a node reboots or shuts down, in the order that a real one does.

HA resources follow the cluster's shutdown policy; what still runs then is shut down by a task `stopall`.
"""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, bulk
from proxmox_mpc.simulator.answers.guests._placement import Placement
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.ha import MAINTENANCE, REST_STATES

# How long a host takes to halt, and to boot until its daemons answer: a small server.
_HALT_S, _BOOT_S = 15.0, 90.0

# What happens to HA resources when nobody said (datacenter.cfg, 9.1).
_DEFAULT_POLICY = "conditional"


@answers("POST", "/nodes/{node}/status")
def power(call: Call) -> None:
    node, command = call.node, call.text("command")
    if not node.leaving:
        node.leaving = command
        call.cluster.spawn(f"{command} of {node.name}", _leave(call.cluster, node.name, command, call.user))


def _policy(cluster: Cluster, command: str) -> str:
    """freeze, failover or migrate."""
    options = cluster.files.get("datacenter", {}).get("options", {}).get("ha", "")
    policy = _drives.parse(options, "").get("shutdown_policy", _DEFAULT_POLICY)
    return {"reboot": "freeze", "shutdown": "failover"}[command] if policy == "conditional" else policy


async def _leave(cluster: Cluster, name: str, command: str, user: str) -> None:
    node, ha = cluster.nodes[name], cluster.ha
    policy = _policy(cluster, command)
    if policy == "freeze":
        for service in ha.services.values():
            if service.node == name and service.state in REST_STATES:
                service.state = "freeze"
    elif policy == "migrate":
        await _empty(cluster, name)
    await cluster.finished(bulk.stop_with_node(cluster, name, user))
    await cluster.clock.sleep(_HALT_S)
    node.leaving = command if command == "reboot" else ""
    cluster.switch_off(name)
    if policy != "freeze":
        ha.give_up(name)
    cluster.note_change()
    if command == "reboot":
        await cluster.clock.sleep(_BOOT_S)
        node.leaving = ""
        if name in cluster.nodes:
            # Nobody took it out of the cluster while it was away.
            cluster.switch_on(name)


async def _empty(cluster: Cluster, name: str) -> None:
    """Wait until the HA manager has moved everything away that it can."""
    if not cluster.has_ha_manager or cluster.ha.disarmed or not cluster.ha.services:
        return
    cluster.ha.nodes[name] = MAINTENANCE
    cluster.note_change()
    while (places := Placement(cluster)) and any(_can_leave(cluster, places, name, sid) for sid in cluster.ha.services):
        await cluster.next_change()


def _can_leave(cluster: Cluster, places: Placement, name: str, sid: str) -> bool:
    """Is the resource on the node, and on its way to another, or about to be?"""
    service = cluster.ha.services[sid]
    if service.node != name or service.state in ("stopped", "error", "freeze") or not cluster.nodes[name].online:
        return False
    others = {n for n, state in cluster.ha.nodes.items() if state == "online" and cluster.nodes[n].online}
    best = places.pick(sid, others)
    return bool(service.task or service.target) or best not in (None, service.unreachable)
