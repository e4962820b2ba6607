"""Where a firewall call applies, and the refusals that all of its collections share."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import Firewall

CLUSTER = "/cluster/firewall"
NODE = "/nodes/{node}/firewall"
GUESTS = ("/nodes/{node}/qemu/{vmid}/firewall", "/nodes/{node}/lxc/{vmid}/firewall")


def paths(below: str, *, nodes: bool = True) -> list[str]:
    """The paths of a collection at every scope that has it."""
    return [f"{scope}{below}" for scope in (CLUSTER, *((NODE,) if nodes else ()), *GUESTS)]


def name_of(call: Call) -> str:
    if "vmid" in call.params:
        return f"guest/{call.text('vmid')}"
    return f"node/{call.text('node')}" if "node" in call.params else "cluster"


def find(call: Call) -> Firewall:
    """The firewall of the path. A guest need not exist: writing makes the file (facts, 9.1)."""
    return call.cluster.firewalls.setdefault(name_of(call), Firewall())


def of_cluster(call: Call) -> Firewall:
    return call.cluster.firewalls.setdefault("cluster", Firewall())


def check_digest(call: Call, part: object) -> None:
    if "digest" in call.params and call.text("digest") != digest(part):
        die("detected modified configuration - file changed by other user? Try again.")
