"""/cluster/sdn/zones: where virtual networks live."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.sdn import _objects
from proxmox_mpc.simulator.answers.sdn._objects import Objects, complain
from proxmox_mpc.simulator.answers.sections._section import Section

FILE = "sdn/zones.cfg"
_EVERY = "nodes mtu dns reversedns dnszone ipam"
_PLUGINS = "/usr/share/perl5/PVE/Network/SDN/Zones"


def _of(call: Call, file: str) -> dict[str, Section]:
    return call.cluster.files.get(file, {})


def _check_services(call: Call, section: Section) -> None:
    """The address book and the name servers that a zone refers to."""
    ipam = section.get("ipam")
    if ipam and ipam != "pve" and ipam not in _of(call, "sdn/ipams.cfg"):
        complain(call, "zone", ipam=f"{ipam} not existing")
    for key in ("dns", "reversedns"):
        if key in section and section[key] not in _of(call, "sdn/dns.cfg"):
            complain(call, "zone", **{key: f"{section[key]} don't exist"})
    if "dnszone" in section and "dns" not in section:
        complain(call, "zone", dnszone="missing dns server")


def _check_evpn(call: Call, name: str, section: Section) -> None:
    controller = section["controller"]
    if controller not in _of(call, "sdn/controllers.cfg"):
        complain(call, "zone", f"controller {controller} don't exist at {_PLUGINS}/EvpnPlugin.pm line 354.")
    for other, zone in _of(call, FILE).items():
        if other != name and zone["type"] == "evpn" and zone.get("vrf-vxlan") == section["vrf-vxlan"]:
            text = f"vrf-vxlan {section['vrf-vxlan']} is already declared in {other}"
            complain(call, "zone", f"{text} at {_PLUGINS}/EvpnPlugin.pm line 368.")


def _check(call: Call, name: str, section: Section) -> None:
    _check_services(call, section)
    if section["type"] == "vxlan" and ("peers" in section) == ("fabric" in section):
        text = "must have exactly one of peers / fabric defined"
        complain(call, "zone", peers=text, fabric=text)
    if section["type"] == "evpn":
        _check_evpn(call, name, section)


def _check_delete(call: Call, name: str, section: Section) -> None:
    for vnet, settings in _of(call, "sdn/vnets.cfg").items():
        if settings["zone"] == name:
            complain(call, "zone", f"zone {name} is used by vnet {vnet} at {_PLUGINS}/Plugin.pm line 149.")


ZONES = _objects.collection(
    "zone",
    "zones",
    needed={
        "vlan": ("bridge",),
        "qinq": ("bridge", "tag"),
        "evpn": ("controller", "vrf-vxlan"),
        "faucet": ("controller", "dp-id"),
    },
    kinds={
        "simple": f"{_EVERY} dhcp",
        "vlan": f"{_EVERY} bridge bridge-disable-mac-learning",
        "qinq": f"{_EVERY} bridge bridge-disable-mac-learning tag vlan-protocol",
        "vxlan": f"{_EVERY} peers fabric vxlan-port",
        "evpn": f"{_EVERY} controller vrf-vxlan exitnodes exitnodes-local-routing exitnodes-primary advertise-subnets"
        " disable-arp-nd-suppression rt-import mac",
        "faucet": f"{_EVERY} controller dp-id",
    },
    check=_check,
)
_objects.register(
    Objects("zone", ZONES, guarded=lambda name, section: f"/sdn/zones/{name}", check_delete=_check_delete)
)


def named(call: Call, name: str, line: int) -> Section:
    """The zone of a vnet; Perl stumbles over one that is not there (sdn-vnets-subnets, 9.1)."""
    zones = _of(call, FILE)
    if name not in zones:
        prefix = "create" if call.method.verb == "POST" else "update"
        where = f"/usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm line {line}."
        die(f"{prefix} sdn vnet object failed: cannot lookup undefined type! at {where}")
    return zones[name]
