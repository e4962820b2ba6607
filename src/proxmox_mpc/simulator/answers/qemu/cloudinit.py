"""/nodes/{node}/qemu/{vmid}/cloudinit: what a guest is told at its first boot."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Any
from urllib.parse import unquote

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/qemu/{vmid}/cloudinit"
_KEYS = ("searchdomain", "citype", "ciuser", "nameserver", "sshkeys", "cipassword", "cicustom")


def _has_drive(guest: Guest) -> bool:
    return any(guest.is_volume_key(k) and _drives.is_cloudinit(t) for k, t in guest.live.items())


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    guest = _guest.of(call)
    if not _has_drive(guest):
        return []
    shown = _guest.typed(call, "qemu", guest.live)
    return [{"key": key, "value": shown[key]} for key in _KEYS if key in shown]


@answers("PUT", _PATH)
def regenerate(call: Call) -> None:
    _guest.check_lock(_guest.of(call))


@answers("GET", _PATH + "/dump")
def dump(call: Call) -> str:
    guest = _guest.of(call)
    kind = call.text("type")
    if kind == "user":
        return _user(guest)
    return _network(guest.live) if kind == "network" else _meta(guest)


def _meta(guest: Guest) -> str:
    made = hashlib.sha1((_user(guest) + _network(guest.live)).encode(), usedforsecurity=False).hexdigest()
    return f"instance-id: {made}\n"


def files(guest: Guest) -> dict[str, str]:
    """What stands on the CD that a guest's cloud-init reads."""
    return {"user-data": _user(guest), "meta-data": _meta(guest), "network-config": _network(guest.live)}


def _user(guest: Guest) -> str:
    live = guest.live
    host = (live.get("name") or f"VM{guest.vmid}").partition(".")[0]
    name = live.get("name") or host
    full = f"{name}.{live['searchdomain']}" if "searchdomain" in live and "." not in name else name
    text = f"#cloud-config\nhostname: {host}\nmanage_etc_hosts: true\nfqdn: {full}\n"
    if "ciuser" in live:
        text += f"user: {live['ciuser']}\n"
    if "cipassword" in live:
        text += "password: $5$simulated$0123456789abcdefghijklmnopqrstuvwxyzABCDEFG\n"
    if "sshkeys" in live:
        keys = [line for line in unquote(live["sshkeys"]).splitlines() if line.strip()]
        text += "ssh_authorized_keys:\n" + "".join(f"  - {key}\n" for key in keys)
    text += "chpasswd:\n  expire: False\n"
    text += "" if live.get("ciuser") == "root" else "users:\n  - default\n"
    return text + ("package_upgrade: true\n" if live.get("ciupgrade", "1") == "1" else "")


def _network(live: Section) -> str:
    text = "version: 1\nconfig:\n"
    nets = sorted((k for k in live if re.fullmatch(r"net\d+", k)), key=lambda k: int(k[3:]))
    for key in nets:
        number = key[3:]
        if f"ipconfig{number}" in live:
            mac = _drives.parse_net(live[key])["macaddr"].lower()
            text += f"    - type: physical\n      name: eth{number}\n      mac_address: '{mac}'\n      subnets:\n"
            text += _subnets(_drives.parse(live[f"ipconfig{number}"]))
    servers = live.get("nameserver", "192.0.2.53").split()
    text += "    - type: nameserver\n      address:\n" + "".join(f"      - '{s}'\n" for s in servers)
    if "searchdomain" in live:
        text += "      search:\n" + "".join(f"      - '{d}'\n" for d in live["searchdomain"].split())
    return text


def _subnets(parts: _drives.Parts) -> str:
    text = ""
    if parts.get("ip") == "dhcp":
        text += "      - type: dhcp4\n"
    elif "ip" in parts:
        address = ipaddress.ip_interface(parts["ip"])
        text += f"      - type: static\n        address: '{address.ip}'\n        netmask: '{address.netmask}'\n"
        text += f"        gateway: '{parts['gw']}'\n" if "gw" in parts else ""
    if parts.get("ip6") == "dhcp":
        text += "      - type: dhcp6\n"
    elif parts.get("ip6") == "auto":
        text += "      - type: ipv6_slaac\n"
    elif "ip6" in parts:
        text += f"      - type: static6\n        address: '{parts['ip6']}'\n"
        text += f"        gateway: '{parts['gw6']}'\n" if "gw6" in parts else ""
    return text
