"""/etc/network/interfaces: what of an interface's settings survives a round trip, and the file's text."""

from __future__ import annotations

import difflib
import re
from typing import Any

from proxmox_mpc.simulator._errors import die

Interface = dict[str, Any]
Interfaces = dict[str, Interface]

# What a type always writes, with its defaults (node-network-bridge, 9.1).
_WRITTEN: dict[str, dict[str, str]] = {
    "bridge": {"bridge_ports": "", "bridge_stp": "off", "bridge_fd": "0"},
    "bond": {"slaves": "", "bond_miimon": "100", "bond_mode": "balance-rr"},
}
# Written by every type, each in its own way.
_HEAD = frozenset(
    "type priority method method6 families active exists autostart comments comments6 address netmask cidr gateway"
    " address6 netmask6 cidr6 gateway6".split()
)
_SIX = ("address6", "netmask6", "cidr6", "gateway6")
_ALL_VLANS = "2-4094"
_OVS = frozenset({"OVSBridge", "OVSBond", "OVSPort", "OVSIntPort"})
_FLAGS = frozenset({"autostart", "bridge_vlan_aware"})


def _type_of(name: str, settings: Interface) -> str:
    """The type as a reader of the file guesses it: by what is set, else by the name."""
    if settings["type"] in _OVS:
        return str(settings["type"])
    if "bridge_ports" in settings:
        return "bridge"
    for pattern, kind in (
        (r"bond\d+", "bond"),
        (r"\S+:\d+", "alias"),
        (r"\S+\.\d+|vlan\d+", "vlan"),
        (r"(?:eth\d+|en[^:.]+|ib[^:.]+)", "eth"),
    ):
        if re.fullmatch(pattern, name):
            return kind
    return "vlan" if "vlan-raw-device" in settings else "unknown"


def settle(name: str, given: Interface) -> Interface:
    """The settings after a round trip through the file."""
    kind = given["type"]
    own = _WRITTEN.get(kind, {})
    settled = {k: v for k, v in given.items() if k in _HEAD}
    settled |= {k: given.get(k, default) for k, default in own.items()}
    if kind == "bridge":
        settled["bridge_ports"] = " ".join(re.split(r"[;,\s]+", settled["bridge_ports"]))
        if given.get("bridge_vlan_aware"):
            settled |= {"bridge_vlan_aware": 1, "bridge_vids": given.get("bridge_vids", _ALL_VLANS)}
        given = {k: v for k, v in given.items() if k not in ("bridge_vlan_aware", "bridge_vids")}
    # Options of another type stay as long as Perl calls their value true.
    settled |= {k: v for k, v in given.items() if k not in _HEAD and k not in own and v not in ("", "0", 0)}
    if settled["method6"] == "manual":
        settled = {k: v for k, v in settled.items() if k not in _SIX}
    if not settled.get("autostart"):
        settled.pop("autostart", None)
    settled["families"] = ["inet", "inet6"] if settled["method6"] != "manual" else ["inet"]
    notes = [str(settled.pop(k)).rstrip("\n") for k in ("comments", "comments6") if settled.get(k)]
    if notes:
        settled["comments"] = "\n".join(notes) + "\n"
    settled["type"] = _type_of(name, settled)
    if settled["type"] == "vlan" and (found := re.fullmatch(r"(?:(\S+)\.|vlan)(\d+)", name)):
        settled["vlan-id"] = found[2]
        settled |= {"vlan-raw-device": found[1]} if found[1] else {}
    return settled


def check(interfaces: Interfaces) -> None:
    """What the writer of the file refuses: ports and parents that are not there."""
    for name, settings in interfaces.items():
        for key, complaint in (
            ("bridge_ports", f"bridge '{name}' - unable to find bridge port"),
            ("slaves", f"bond '{name}' - unable to find slave"),
            ("vlan-raw-device", f"vlan '{name}' - unable to find parent"),
        ):
            for port in str(settings.get(key, "")).split():
                if port not in interfaces:
                    die(f"{complaint} '{port}'")


def _text(interfaces: Interfaces) -> list[str]:
    lines = ["auto lo", "iface lo inet loopback", ""]
    for name, settings in sorted(interfaces.items(), key=lambda item: item[1].get("priority", 0)):
        lines += [f"auto {name}"] if settings.get("autostart") else []
        lines.append(f"iface {name} inet {settings['method']}")
        lines += [f"\taddress {settings['cidr']}"] if "cidr" in settings else []
        lines += [f"\tgateway {settings['gateway']}"] if "gateway" in settings else []
        for key, value in settings.items():
            if key not in _HEAD:
                word = "yes" if key == "bridge_vlan_aware" else value or "none"
                lines.append(f"\t{key.replace('_', '-')} {word}")
        lines += [f"#{line}" for line in settings.get("comments", "").splitlines()]
        if settings["method6"] != "manual":
            lines += ["", f"iface {name} inet6 {settings['method6']}"]
            lines += [f"\taddress {settings['cidr6']}"] if "cidr6" in settings else []
            lines += [f"\tgateway {settings['gateway6']}"] if "gateway6" in settings else []
        lines.append("")
    return [*lines, "source /etc/network/interfaces.d/*"]


def changes(now: Interfaces, planned: Interfaces) -> str:
    """The difference between the file and its planned successor, as `diff -u` tells it."""
    name = "/etc/network/interfaces"
    return "".join(
        f"{line}\n" for line in difflib.unified_diff(_text(now), _text(planned), name, f"{name}.new", lineterm="")
    )


def merged(before: Interface, params: dict[str, Any]) -> Interface:
    """An interface's settings with those that a call sent: as the API stores them, before `settle`."""
    after = {**before, **{k: int(v) if k in _FLAGS else v for k, v in params.items()}}
    for six in ("", "6"):
        cidr, address, mask = (f"{key}{six}" for key in ("cidr", "address", "netmask"))
        if cidr in params:
            after[address], _, after[mask] = str(params[cidr]).partition("/")
        elif address in params:
            after[mask] = _bits(str(params[mask]))
            after[cidr] = f"{params[address]}/{after[mask]}"
        after[f"method{six}"] = "static" if cidr in params or address in params else "manual"
    return after


def _bits(mask: str) -> str:
    """`255.255.255.0` as `24`; a number of bits stays."""
    return mask if mask.isdigit() else str(sum(int(part).bit_count() for part in mask.split(".")))
