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
    "OVSBond": {"bond_mode": "active-backup"},
}
# Written by every type, each in its own way.
_HEAD = frozenset(
    "type priority method method6 families active exists autostart comments comments6 address netmask cidr gateway"
    " address6 netmask6 cidr6 gateway6".split()
)
_SIX = ("address6", "netmask6", "cidr6", "gateway6")
_ALL_VLANS = "2-4094"
_LAST_VLAN = 4094
_OVS = frozenset({"OVSBridge", "OVSBond", "OVSPort", "OVSIntPort"})
# Started by their bridge.
_OVS_PORTS = _OVS - {"OVSBridge"}
_LISTS = ("ovs_ports", "ovs_bonds")
_NUMBERS = frozenset({"autostart", "bridge_vlan_aware", "ovs_tag"})


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
    if kind == "bond":
        given = _settle_bond(settled, given)
    if kind in _OVS_PORTS:
        settled.pop("autostart", None)
    given = {k: " ".join(re.split(r"[;,\s]+", v.strip())) if k in _LISTS else v for k, v in given.items()}
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


def _settle_bond(settled: Interface, given: Interface) -> Interface:
    """Some options are written for some modes only; answers what is left to look at."""
    mode = settled["bond_mode"]
    settled["slaves"] = " ".join(re.split(r"[;,\s]+", settled["slaves"]))
    gone = set() if mode in ("balance-xor", "802.3ad") else {"bond_xmit_hash_policy"}
    gone |= set() if mode == "active-backup" else {"bond-primary"}
    return {k: v for k, v in given.items() if k not in gone}


def arrange(interfaces: Interfaces) -> Interfaces:
    """All interfaces as they are after a change of one, or PVE's refusal (PVE::INotify, 9.1).

    Ports of a bond start with it, cards under an Open vSwitch bridge become its ports, a VLAN is there with its card.
    """
    arranged = {name: dict(settings) for name, settings in interfaces.items()}
    for name, settings in arranged.items():
        if settings["type"] == "OVSBridge":
            for port in _port(arranged, settings.get("ovs_ports"), f"OVS bridge '{name}' - unable to find port"):
                arranged[port] |= {"ovs_bridge": name}
                arranged[port].pop("autostart", None)
                if arranged[port]["type"] == "eth":
                    arranged[port]["type"] = "OVSPort"
                elif arranged[port]["type"] not in _OVS_PORTS:
                    die(f"interface '{port}' is not defined as OVS port/bond")
    for name, settings in arranged.items():
        if settings["type"] == "OVSBond":
            for port in _port(arranged, settings.get("ovs_bonds"), f"OVS bond '{name}' - unable to find slave"):
                if arranged[port]["type"] != "eth":
                    kind = arranged[port]["type"]
                    die(f"OVS bond '{name}' - wrong interface type on slave '{port}' ('{kind}' != 'eth')")
                arranged[port]["autostart"] = 1
    for name, settings in arranged.items():
        if settings["type"] == "bond":
            _arrange_bond(arranged, name, settings)
    for name, settings in arranged.items():
        if settings["type"] == "vlan":
            _arrange_vlan(arranged, name, settings)
    for name, settings in arranged.items():
        if settings["type"] == "bridge":
            _check_bridge(arranged, name, settings)
    return arranged


def _port(interfaces: Interfaces, names: Any, complaint: str) -> list[str]:
    found = str(names or "").split()
    for port in found:
        if port not in interfaces:
            die(f"{complaint} '{port}'")
    return found


def _arrange_bond(interfaces: Interfaces, name: str, settings: Interface) -> None:
    # Without `slaves` where only the name says that it is a bond.
    slaves = settings.get("slaves", "")
    for port in _port(interfaces, slaves, f"bond '{name}' - unable to find slave"):
        kind = interfaces[port]["type"]
        if kind not in ("eth", "bond"):
            die(f"bond '{name}' - wrong interface type on slave '{port}' ('{kind}' != 'eth or bond')")
        interfaces[port]["autostart"] = 1
    if settings.get("bond-primary", "") not in ("", *slaves.split()):
        die(f"bond '{name}' - bond-primary interface is not a slave at /usr/share/perl5/PVE/INotify.pm line 1480.")


def _arrange_vlan(interfaces: Interfaces, name: str, settings: Interface) -> None:
    for key in ("vlan-raw-device", "vlan-id"):
        if not settings.get(key):
            die(f"missing {key} option at /usr/share/perl5/PVE/INotify.pm line 1523.")
    tag, parent = int(settings["vlan-id"]), str(settings["vlan-raw-device"])
    if tag > _LAST_VLAN:
        die(f"vlan '{name}' - vlan-id {tag} should be <= {_LAST_VLAN}")
    _port(interfaces, parent, f"vlan '{name}' - unable to find parent")
    kind = interfaces[parent]["type"]
    if kind not in ("eth", "bridge", "bond", "vlan"):
        die(f"vlan '{name}' - wrong interface type on parent '{parent}' ('{kind}' != 'eth|bond|bridge|vlan' )")
    settings["exists"] = interfaces[parent].get("exists")


def _check_bridge(interfaces: Interfaces, name: str, settings: Interface) -> None:
    for port in settings["bridge_ports"].split():
        card, dot, _ = port.rpartition(".")
        if dot and port not in interfaces and card in interfaces:
            continue  # the VLAN is made with the bridge
        _port(interfaces, port, f"bridge '{name}' - unable to find bridge port")
        if "static" in (interfaces[port]["method"], interfaces[port]["method6"]):
            die(f"iface {port} - ip address can't be set on interface if bridged in {name}")


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
    after = {**before, **{k: int(v) if k in _NUMBERS else v for k, v in params.items()}}
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
