"""/nodes/{node}/sdn: what of the running networks a node has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sdn import _views, vnets, zones
from proxmox_mpc.simulator.answers.sections._section import Section

_PATH = "/nodes/{node}/sdn"
# The zone of the bridges that are not SDN's.
LOCAL = "localnetwork"


def zones_on(call: Call, node: str) -> Iterator[tuple[str, Section]]:
    """The running zones of a node that the user may see."""
    for name, zone in sorted(_views.running(call, zones.FILE).items()):
        nodes = zone.get("nodes", "")
        if (not nodes or node in nodes.split(",")) and call.may(f"/sdn/zones/{name}", "SDN.Audit", "SDN.Use"):
            yield name, zone


def networks_on(call: Call, node: str, zone: str = "") -> Iterator[tuple[str, Section]]:
    """The running networks of a node, of one zone or of all, that the user may see."""
    reachable = {name for name, _ in zones_on(call, node)}
    for name, network in sorted(_views.running(call, vnets.FILE).items()):
        if network["zone"] in reachable and zone in ("", network["zone"]):
            yield name, network


def bridges(call: Call, node: str) -> list[Section]:
    """The running networks as the node's list of interfaces shows them."""
    places = _views.running(call, zones.FILE)
    return [
        {
            "iface": name,
            "type": "vnet",
            "active": "1",
            "comments": network.get("alias"),
            "vlanaware": int(network.get("vlanaware", "0")),
            "ipam": int("ipam" in places[network["zone"]]),
        }
        for name, network in networks_on(call, node)
    ]


@answers("GET", _PATH + "/zones")
def listing(call: Call) -> Any:
    return [{"zone": name, "status": "available"} for name, _ in zones_on(call, call.node.name)]


@answers("GET", _PATH + "/zones/{zone}/content")
def content(call: Call) -> Any:
    found = networks_on(call, call.node.name, call.text("zone"))
    return [{"vnet": name, "status": "available", "statusmsg": None} for name, _ in found]


@answers("GET", _PATH + "/zones/{zone}/bridges")
def zone_bridges(call: Call) -> Any:
    if call.text("zone") == LOCAL:
        found = [n for n, i in call.node.interfaces.items() if i["type"] in ("bridge", "OVSBridge")]
        return [{"name": name, "vlan_filtering": 0, "ports": []} for name in found]
    found = [name for name, _ in networks_on(call, call.node.name, call.text("zone"))]
    return [{"name": name, "vlan_filtering": None, "ports": []} for name in found]


def _register_details(kind: str, variable: str, file: str, *words: str) -> None:
    """Routing tables of a running zone, network or fabric: no daemon fills them."""

    @answers("GET", *(f"{_PATH}/{kind}/{{{variable}}}/{word}" for word in words))
    def details(call: Call) -> Any:
        name = call.text(variable)
        if name not in _views.running(call, file) and name != LOCAL:
            die(f"{variable} '{name}' does not exist")
        return []


_register_details("zones", "zone", zones.FILE, "ip-vrf")
_register_details("vnets", "vnet", vnets.FILE, "mac-vrf")
_register_details("fabrics", "fabric", "sdn/fabrics-fabric.cfg", "interfaces", "neighbors", "routes")
