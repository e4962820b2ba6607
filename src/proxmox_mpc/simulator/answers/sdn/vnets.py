"""/cluster/sdn/vnets: virtual networks, each of one zone."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.sdn import _objects, zones
from proxmox_mpc.simulator.answers.sdn._objects import SEES, Objects, complain
from proxmox_mpc.simulator.answers.sections._section import Section

FILE = "sdn/vnets.cfg"
_ABSENT = "sdn vnet '{name}' does not exist"

# What a zone's type wants of the tags of its networks: the word for it, and the highest.
_TAGS = {"vlan": ("vlan", 4096), "qinq": ("vlan", 4096), "vxlan": ("vxlan", 16_777_216), "evpn": ("vxlan", 16_777_216)}
# These share one range of tags over all their zones, the others have one per zone.
_GLOBAL = frozenset({"vxlan", "evpn"})


def reach(call: Call, *wanted: str) -> Section:
    """The network of the path: it must be configured, and the user must have one of the privileges on it."""
    name = call.text("vnet")
    found = call.cluster.files.get(FILE, {}).get(name)
    if found is None:
        die(_ABSENT.format(name=name))
    call.need(f"/sdn/zones/{found['zone']}/{name}", *wanted, any_of=True)
    return found


def reach_as_called(call: Call) -> None:
    """Readers need to see the network, writers to own it."""
    reach(call, *(SEES if call.method.verb == "GET" else ("SDN.Allocate",)))


def subnets_of(call: Call, name: str) -> list[str]:
    return [s for s, settings in call.cluster.files.get("sdn/subnets.cfg", {}).items() if settings["vnet"] == name]


def _check(call: Call, name: str, section: Section) -> None:
    zone = zones.named(call, section["zone"], 326 if call.method.verb == "POST" else 402)
    before = VNETS.sections(call).get(name)
    if subnets_of(call, name):
        if before and before["zone"] != section["zone"]:
            complain(call, "vnet", zone="can't change zone if subnets exist")
        if section.get("vlanaware") == "1":
            complain(call, "vnet", vlanaware="vlanaware vnet is not compatible with subnets")
    tag = section.get("tag")
    if zone["type"] == "simple" and tag:
        complain(call, "vnet", tag="vlan tag is not allowed on simple zone")
    if zone["type"] in _TAGS:
        word, highest = _TAGS[zone["type"]]
        if not tag:
            complain(call, "vnet", tag=f"missing {word} tag")
        if int(tag) > highest:
            complain(call, "vnet", tag=f"{word} tag max value is {highest}")
        if zone["type"] == "evpn" and section.get("vlanaware") == "1":
            complain(call, "vnet", **{"vlan-aware": "vlan-aware option can't be enabled with evpn"})
        _check_unique(call, name, section, zone["type"])


def _check_unique(call: Call, name: str, section: Section, kind: str) -> None:
    tag, places = section["tag"], call.cluster.files.get(zones.FILE, {})
    for other, settings in sorted(VNETS.sections(call).items()):
        if other == name or settings.get("tag") != tag:
            continue
        if kind not in _GLOBAL and settings["zone"] == section["zone"]:
            complain(call, "vnet", tag=f"tag {tag} already exist in vnet {other}")
        if kind in _GLOBAL and places.get(settings["zone"], {}).get("type") in _GLOBAL:
            # The space at the end is PVE's.
            complain(call, "vnet", tag=f"vxlan tag {tag} already exist in vnet {other} in zone {settings['zone']} ")


def _check_delete(call: Call, name: str, section: Section) -> None:
    if subnets_of(call, name):
        complain(call, "vnet", vnet="Can't delete vnet if subnets exists")


VNETS = _objects.collection(
    "vnet",
    "vnets",
    needed={"vnet": ("zone",)},
    kinds={"vnet": "zone tag alias vlanaware isolate-ports"},
    check=_check,
    type="vnet",
    absent=_ABSENT,
)
_objects.register(
    Objects(
        "vnet",
        VNETS,
        guarded=lambda name, section: f"/sdn/zones/{section.get('zone') or section['pending']['zone']}/{name}",
        pass_one=reach_as_called,
        check_delete=_check_delete,
    )
)
