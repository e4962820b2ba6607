"""/cluster/sdn/vnets/{vnet}/subnets: address ranges, their gateways and what DHCP hands out."""

from __future__ import annotations

import ipaddress

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.answers.sdn import _objects, vnets
from proxmox_mpc.simulator.answers.sdn._objects import Objects, complain
from proxmox_mpc.simulator.answers.sections._section import Section

_PATH = "/cluster/sdn/vnets/{vnet}/subnets"


def cidr_of(name: str) -> tuple[str, str, str]:
    """`zone-10.0.0.0-24` taken apart: zone, address, length of the prefix."""
    zone, _, rest = name.partition("-")
    address, _, bits = rest.rpartition("-")
    return zone, address, bits


def _name(call: Call) -> str:
    # The parameter's format takes the name of a subnet, too; but of that no range can be made.
    if "/" not in call.text("subnet"):
        refuse(subnet="invalid format - value does not look like a valid CIDR network\n")
    zone = call.cluster.files[vnets.FILE][call.text("vnet")]["zone"]
    return f"{zone}-{call.text('subnet').replace('/', '-')}"


def _is_in(address: str, network: str) -> bool:
    one, many = ipaddress.ip_address(address), ipaddress.ip_network(network, strict=False)
    return one.version == many.version and one in many


def _ranges(section: Section) -> list[dict[str, str]]:
    given = section.get("dhcp-range", [])
    return [_drives.parse(str(text), "start-address") for text in given]


def _check(call: Call, name: str, section: Section) -> None:
    _, address, bits = cidr_of(name)
    network = f"{address}/{bits}"
    gateway = section.get("gateway")
    # A network of one address may be routed through a gateway outside of it.
    if gateway and bits != "32" and not _is_in(gateway, network):
        complain(call, "subnet", gateway=f"{gateway} is not in subnet {network}")
    for part in _ranges(section):
        for key in ("start-address", "end-address"):
            if not _is_in(part[key], network):
                complain(call, "subnet", **{"dhcp-range": f"{key} {part[key]} is not in subnet {network}"})


def _dress(call: Call, name: str, row: Section) -> Section:
    zone, address, bits = cidr_of(name)
    computed = {"id": name, "zone": zone, "network": address, "mask": bits, "cidr": f"{address}/{bits}"}
    return {**row, **computed, "dhcp-range": _ranges(row)}


SUBNETS = _objects.collection(
    "subnet",
    "subnets",
    needed={},
    kinds={"subnet": "vnet gateway snat dhcp-range dhcp-dns-server dnszoneprefix"},
    check=_check,
    all=_PATH,
    one=_PATH + "/{subnet}",
    create_at=_PATH,
    absent="sdn subnet '{name}' does not exist",
    absent_update="sdn subnet '{name}' does not exist",
    absent_delete=None,
)
_objects.register(
    Objects(
        "subnet",
        SUBNETS,
        guarded=lambda name, section: f"/sdn/zones/{cidr_of(name)[0]}/{section['vnet']}",
        top=frozenset({"type", "vnet"}),
        pass_all=vnets.reach_as_called,
        pass_one=vnets.reach_as_called,
        name_of=_name,
        dress=_dress,
        belongs=lambda call, section: section["vnet"] == call.text("vnet"),
    )
)
