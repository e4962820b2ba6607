"""Where a firewall call applies, and the refusals that all of its collections share."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.sdn import _views
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import Firewall

CLUSTER = "/cluster/firewall"
NODE = "/nodes/{node}/firewall"
GUESTS = ("/nodes/{node}/qemu/{vmid}/firewall", "/nodes/{node}/lxc/{vmid}/firewall")
VNET = "/cluster/sdn/vnets/{vnet}/firewall"


def paths(below: str, *, nodes: bool = True) -> list[str]:
    """The paths of a collection at every scope that has it."""
    return [f"{scope}{below}" for scope in (CLUSTER, *((NODE,) if nodes else ()), *GUESTS)]


def name_of(call: Call) -> str:
    if "vmid" in call.params:
        return f"guest/{call.text('vmid')}"
    if "vnet" in call.params:
        return f"vnet/{call.text('vnet')}"
    return f"node/{call.text('node')}" if "node" in call.params else "cluster"


def find(call: Call) -> Firewall:
    """The firewall of the path. A guest need not exist: writing makes the file (facts, 9.1); a network must run."""
    if "vnet" in call.params:
        _reach_vnet(call)
    return call.cluster.firewalls.setdefault(name_of(call), Firewall())


def _reach_vnet(call: Call) -> None:
    name = call.text("vnet")
    network = _views.running(call, "sdn/vnets.cfg").get(name)
    if network is None:
        die("invalid vnet specified at /usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 54.")
    wanted = ("SDN.Audit", "SDN.Allocate") if call.method.verb == "GET" else ("SDN.Allocate",)
    call.need(f"/sdn/zones/{network['zone']}/{name}", *wanted, any_of=True)


def of_cluster(call: Call) -> Firewall:
    return call.cluster.firewalls.setdefault("cluster", Firewall())


def check_digest(call: Call, part: object) -> None:
    if "digest" in call.params and call.text("digest") != digest(part):
        die("detected modified configuration - file changed by other user? Try again.")
