"""/cluster/config: who is a member of the cluster. A node on its own is no cluster and has no such configuration."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.cluster import _joining
from proxmox_mpc.simulator.presets import empty
from proxmox_mpc.simulator.state.digest import digest

_PATH = "/cluster/config"
# The version of the protocol by which nodes join (9.1).
_API_VERSION = "1"
_TAKES_S = 3.0


def _is_alone(call: Call) -> bool:
    return not call.cluster.is_formed


@answers("GET", _PATH + "/nodes")
def members(call: Call) -> Any:
    if _is_alone(call):
        return []
    given = call.cluster.files.get("corosync", {})
    usual = {"quorum_votes": "1"}
    return [
        {
            "name": n,
            "node": n,
            "nodeid": str(i),
            "ring0_addr": call.cluster.nodes[n].address,
            **usual,
            **given.get(n, {}),
        }
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


@answers("GET", _PATH + "/qdevice")
def quorum_device(call: Call) -> Any:
    """There is none."""
    return {}


def _links(call: Call) -> dict[str, str]:
    """What a member's configuration says beside its name: links, votes, number."""
    links = {k.replace("link", "ring") + "_addr": _address(v) for k, v in call.params.items() if k.startswith("link")}
    named = {"votes": "quorum_votes", "nodeid": "nodeid"}
    return {**links, **{name: call.text(key) for key, name in named.items() if key in call.params}}


def _address(link: str) -> str:
    return link.partition(",")[0].removeprefix("address=")


@answers("POST", _PATH)
def create(call: Call) -> str:
    """A node on its own becomes a cluster of one."""
    name = call.text("clustername")
    if not _is_alone(call):
        die("cluster config '/etc/pve/corosync.conf' already exists")

    async def work(work: Work) -> None:
        work.log(
            "Corosync Cluster Engine Authentication key generator.", "Writing corosync config to /etc/pve/corosync.conf"
        )
        await work.takes(_TAKES_S)
        call.cluster.name, call.cluster.has_corosync = name, True
        call.cluster.files["corosync"] = {next(iter(call.cluster.nodes)): _links(call)}
        work.log("Restart corosync and cluster filesystem")

    return call.fork("clustercreate", name, work)


@answers("POST", _PATH + "/join")
def join_other(call: Call) -> str:
    """Asks the other cluster really, if it is on this machine, and then gives up: two simulators stay two."""
    host = call.text("hostname")
    if not _is_alone(call):
        die("detected the following error(s):\n* corosync.conf already exists, is this node already in a cluster?")
    if call.cluster.guests and not call.flag("force"):
        die("detected the following error(s):\n* this host already contains virtual guests")

    async def work(work: Work) -> None:
        work.log(f"Establishing API connection with host '{host}'")
        await _joining.knock(work, host, call.text("fingerprint"), call.text("password"))
        die("two simulators cannot become one cluster: add the node there, by POST /cluster/config/nodes/NAME")

    return call.fork("clusterjoin", "", work)


@answers("POST", _PATH + "/nodes/{node}")
def add(call: Call) -> Any:
    """A new member. It appears as if it had joined at once: freshly installed, and online."""
    name = call.text("node")
    if _is_alone(call):
        raise ApiError(500, "invalid corosync.conf\n", {"error0": "no nodes found"})
    cluster, given = call.cluster, _links(call)
    if name in cluster.nodes and not call.flag("force"):
        die(f"can't add existing node '{name}'")
    address = call.text("new_node_ip") or given.get("ring0_addr") or f"192.0.2.{len(cluster.nodes) + 11}"
    if any(node.address == address and node.name != name for node in cluster.nodes.values()):
        die(f"address '{address}' is already used by another node")
    if name not in cluster.nodes:
        cluster.nodes[name] = empty.node(name, address, cluster.now())
    cluster.files.setdefault("corosync", {})[name] = given
    lines = [
        f"  node {{ name: {row['name']} nodeid: {row['nodeid']} ring0_addr: {row['ring0_addr']} }}"
        for row in members(call)
    ]
    conf = "\n".join([f"totem {{ cluster_name: {cluster.name} }}", "nodelist {", *lines, "}", ""])
    key = base64.b64encode(hashlib.sha256(cluster.secret.encode()).digest()).decode()
    return {"corosync_authkey": key, "corosync_conf": conf, "warnings": []}


@answers("DELETE", _PATH + "/nodes/{node}")
def remove(call: Call) -> None:
    """A node that is switched off leaves, and its guests and local volumes with it."""
    name = call.text("node")
    node = call.cluster.nodes.get(name)
    if node is None or _is_alone(call):
        die(f"Node/IP: {name} is not a known host of the cluster.")
    if node.online:
        die(f"Cannot delete node '{name}': it is online")
    for vmid in [g.vmid for g in call.cluster.guests.values() if g.node == name]:
        call.cluster.forget_guest(vmid)
    for places in call.cluster.volumes.values():
        places.pop(name, None)
    call.cluster.ceph.forget_node(name)
    call.cluster.files.get("corosync", {}).pop(name, None)
    del call.cluster.nodes[name]
