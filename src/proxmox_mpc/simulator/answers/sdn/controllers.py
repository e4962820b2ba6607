"""/cluster/sdn/controllers: the routing daemons that zones rely on."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator.answers.sdn import _objects
from proxmox_mpc.simulator.answers.sdn._objects import Objects, complain
from proxmox_mpc.simulator.answers.sections._section import Section

_PLUGIN = "/usr/share/perl5/PVE/Network/SDN/Controllers/EvpnPlugin.pm"


def _check(call: Call, name: str, section: Section) -> None:
    if section["type"] != "evpn":
        return
    if any(c["type"] == "evpn" for other, c in CONTROLLERS.sections(call).items() if other != name):
        complain(call, "controller", f"only 1 global evpn controller can be defined at {_PLUGIN} line 491.")
    if ("peers" in section) == ("fabric" in section):
        text = "must have exactly one of peers / fabric defined"
        complain(call, "controller", peers=text, fabric=text)


def _check_delete(call: Call, name: str, section: Section) -> None:
    for zone, settings in call.cluster.files.get("sdn/zones.cfg", {}).items():
        if settings.get("controller") == name:
            complain(call, "controller", f"controller {name} is used by {zone} at {_PLUGIN} line 476.")


CONTROLLERS = _objects.collection(
    "controller",
    "controllers",
    needed={"evpn": ("asn",), "bgp": ("asn", "node"), "isis": ("isis-domain", "isis-ifaces", "isis-net", "node")},
    kinds={
        "evpn": "asn peers fabric",
        "bgp": "asn bgp-multipath-as-path-relax ebgp ebgp-multihop loopback node peers",
        "isis": "isis-domain isis-ifaces isis-net loopback node",
        "faucet": "",
    },
    check=_check,
)
_objects.register(
    Objects(
        "controller",
        CONTROLLERS,
        guarded=lambda name, section: f"/sdn/controllers/{name}",
        check_delete=_check_delete,
    )
)
