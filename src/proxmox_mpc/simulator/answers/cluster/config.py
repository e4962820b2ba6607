"""/cluster/config: who is a member of the cluster. A node on its own is no cluster and has no such configuration."""

from __future__ import annotations

import hashlib
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.digest import digest

_PATH = "/cluster/config"
# The version of the protocol by which nodes join (9.1).
_API_VERSION = "1"


def _is_alone(call: Call) -> bool:
    return len(call.cluster.nodes) == 1


@answers("GET", _PATH + "/nodes")
def members(call: Call) -> Any:
    if _is_alone(call):
        return []
    return [
        {"name": n, "node": n, "nodeid": str(i), "quorum_votes": "1", "ring0_addr": call.cluster.nodes[n].address}
        for i, n in enumerate(call.cluster.nodes, 1)
    ]


@answers("GET", _PATH + "/totem")
def totem(call: Call) -> Any:
    if _is_alone(call):
        return None
    return {
        "cluster_name": call.cluster.name,
        "config_version": str(len(call.cluster.nodes)),
        "interface": {"0": {"linknumber": "0"}},
        "ip_version": "ipv4-6",
        "link_mode": "passive",
        "secauth": "on",
        "version": "2",
    }


@answers("GET", _PATH + "/apiversion")
def version(call: Call) -> str:
    return _API_VERSION


@answers("GET", _PATH + "/join")
def join(call: Call) -> Any:
    """What a new node needs to know to join."""
    if _is_alone(call):
        raise ApiError(424, "node is not in a cluster, no join info available!")
    # Without TLS there is no certificate, but the schema promises a fingerprint.
    fingerprint = call.cluster.fingerprint or hashlib.sha256(call.cluster.name.encode()).digest().hex(":").upper()
    numbers = ("nodeid", "quorum_votes")
    nodes = [
        {**row, "pve_addr": row["ring0_addr"], "pve_fp": fingerprint, **{k: int(row[k]) for k in numbers if k in row}}
        for row in members(call)
    ]
    return {
        "config_digest": digest(list(call.cluster.nodes)),
        "nodelist": nodes,
        "preferred_node": call.text("node") or next(iter(call.cluster.nodes)),
        "totem": totem(call),
    }


@answers("POST", _PATH + "/nodes/{node}")
def add(call: Call) -> Any:
    if _is_alone(call):
        raise ApiError(500, "invalid corosync.conf\n", {"error0": "no nodes found"})
    raise ApiError(501, "POST /cluster/config/nodes/{node} is not simulated yet\n")


@answers("DELETE", _PATH + "/nodes/{node}")
def remove(call: Call) -> None:
    """A node that is switched off leaves, and its guests with it."""
    name = call.text("node")
    node = call.cluster.nodes.get(name)
    if node is None or _is_alone(call):
        die(f"Node/IP: {name} is not a known host of the cluster.")
    if node.online:
        die(f"Cannot delete node '{name}': it is online")
    for vmid in [g.vmid for g in call.cluster.guests.values() if g.node == name]:
        call.cluster.forget_guest(vmid)
    call.cluster.ceph.forget_node(name)
    del call.cluster.nodes[name]
