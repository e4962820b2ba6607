"""/cluster/sdn/vnets/{vnet}/ips and the built-in address book: who has which address."""

from __future__ import annotations

import ipaddress
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sdn import _views, subnets, vnets, zones
from proxmox_mpc.simulator.answers.sections._section import Section

_PATH = "/cluster/sdn/vnets/{vnet}/ips"


def _book(call: Call) -> dict[str, Section]:
    return call.cluster.files.setdefault("sdn/addresses", {})


def _subnet(call: Call) -> str:
    """The running subnet of the address."""
    vnet, address = call.text("vnet"), ipaddress.ip_address(call.text("ip"))
    if vnet not in _views.running(call, vnets.FILE):
        die("invalid vnet specified")
    for name, settings in _views.running(call, subnets.SUBNETS.file).items():
        _, network, bits = subnets.cidr_of(name)
        if settings["vnet"] == vnet and address in ipaddress.ip_network(f"{network}/{bits}", strict=False):
            return name
    die(f"no subnet found for ip {address} in vnet {vnet}")


def _key(call: Call) -> str:
    return f"{call.text('zone')}/{call.text('ip')}"


@answers("POST", _PATH)
def create(call: Call) -> None:
    subnet = _subnet(call)
    if _key(call) in _book(call):
        die(f"IP '{call.text('ip')}' already exists")
    _book(call)[_key(call)] = {**call.given(("zone", "vnet", "ip", "mac")), "subnet": subnet}


@answers("PUT", _PATH)
def update(call: Call) -> None:
    subnet = _subnet(call)
    _book(call)[_key(call)] = {**call.given(("zone", "vnet", "ip", "mac", "vmid")), "subnet": subnet}


@answers("DELETE", _PATH)
def delete(call: Call) -> None:
    _subnet(call)
    _book(call).pop(_key(call), None)


@answers("GET", "/cluster/sdn/ipams/{ipam}/status")
def status(call: Call) -> Any:
    if call.text("ipam") != "pve":
        where = "/usr/share/perl5/PVE/API2/Network/SDN/Ipams.pm line 319."
        die(f"Currently only PVE IPAM is supported! at {where}")
    rows = [dict(entry) for entry in _book(call).values()]
    booked = call.cluster.files.get(zones.FILE, {})
    for name, settings in call.cluster.files.get(subnets.SUBNETS.file, {}).items():
        zone, network, bits = subnets.cidr_of(name)
        if "gateway" in settings and booked.get(zone, {}).get("ipam") == "pve":
            row = {"zone": zone, "vnet": settings["vnet"], "subnet": f"{network}/{bits}", "ip": settings["gateway"]}
            rows.append({**row, "gateway": 1})
    return [r for r in rows if call.may(f"/sdn/zones/{r['zone']}/{r['vnet']}", "SDN.Audit", "SDN.Use", "SDN.Allocate")]
