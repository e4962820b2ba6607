"""Nodes as they are after installation: `local`, `local-lvm`, one bridge, nobody but root."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator.state import disks
from proxmox_mpc.simulator.state.access import Access, User
from proxmox_mpc.simulator.state.cluster import Cluster, Node
from proxmox_mpc.simulator.state.storage import GIB

# A node that has been up for a while.
_UPTIME_S = 86_400 * 12

# The thin pool of each node.
DATA = 800 * GIB


# The root hub that every machine has.
USB_HUB = {
    "busnum": 1, "devnum": 1, "class": 9, "level": 0, "port": 0, "speed": "480", "vendid": "1d6b", "prodid": "0002",
    "manufacturer": "Linux xhci-hcd", "product": "xHCI Host Controller",
}  # fmt: skip


def realms() -> dict[str, dict[str, str]]:
    return {
        "pam": {"type": "pam", "comment": "Linux PAM standard authentication"},
        "pve": {"type": "pve", "comment": "Proxmox VE authentication server"},
    }


def interfaces(address: str) -> dict[str, dict[str, Any]]:
    """A network card and the bridge over it."""
    card = {"type": "eth", "method": "manual", "method6": "manual", "families": ["inet"], "active": 1, "exists": 1}
    return {
        "eno1": {**card, "priority": 3},
        "vmbr0": {
            "type": "bridge", "method": "static", "method6": "manual", "families": ["inet"], "active": 1,
            "autostart": 1, "bridge_ports": "eno1", "bridge_stp": "off", "bridge_fd": "0", "address": address,
            "netmask": "24", "cidr": f"{address}/24", "gateway": "192.0.2.1", "priority": 4,
        },
    }  # fmt: skip


def node(name: str, address: str, booted: float) -> Node:
    """A freshly installed node."""
    made = Node(name, address, booted=booted, interfaces=interfaces(address), usb=[dict(USB_HUB)])
    made.disks, made.spaces = disks.installed(name, made.disk, DATA)
    return made


def make(nodes: int) -> Cluster:
    cluster = Cluster()
    cluster.access = Access(users={"root@pam": User()}, realms=realms())
    for number in range(1, max(1, nodes) + 1):
        address = f"192.0.2.{10 + number}"
        name = f"pve-node{number}"
        cluster.nodes[name] = node(name, address, cluster.now() - _UPTIME_S)
    cluster.storages = {
        "local": {"type": "dir", "path": "/var/lib/vz", "content": "iso,vztmpl,backup,snippets,import,images,rootdir"},
        "local-lvm": {"type": "lvmthin", "thinpool": "data", "vgname": "pve", "content": "images,rootdir"},
    }
    cluster.files["sizes"] = {"local-lvm": {"total": DATA}}
    return cluster
