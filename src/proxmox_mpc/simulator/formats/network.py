"""Addresses, names and interfaces."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, looks_like, says

# One label of a DNS name. PVE does not hold it to 63 characters: 64 are accepted (vm-create-errors, 9.1).
_LABEL = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?)"
DNS_NAME = rf"{_LABEL}(?:\.{_LABEL})*"

# A virtual network's name is a bridge's too, and the names of its firewall's bridges have more before it.
_LONGEST_VNET = 8


def _is_address(value: str, version: int = 0) -> bool:
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not version or parsed.version == version


def _is_cidr(value: str, version: int = 0) -> bool:
    address, slash, bits = value.partition("/")
    if not slash or not bits.isdigit() or not _is_address(address, version):
        return False
    return 0 < int(bits) <= (32 if ipaddress.ip_address(address).version == 4 else 128)


def _address(version: int, what: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if not _is_address(value, version):
            raise FormatError(f"value does not look like a valid {what}\n")

    return check


def _cidr(version: int, what: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if not _is_cidr(value, version):
            raise FormatError(f"value does not look like a valid {what}\n")

    return check


def _config(version: int, words: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in words.split() and not _is_cidr(value, version):
            raise FormatError(f"value does not look like a valid ipv{version} network configuration\n")

    return check


def _address_or_name(value: str) -> None:
    if not _is_address(value) and not re.fullmatch(DNS_NAME, value):
        raise FormatError(f"value does not look like a valid address: {value}\n")


def _lxc_nameserver(value: str) -> None:
    if not _is_address(value.partition("%")[0]) and value != "host":
        raise FormatError("value does not look like a valid IP address\n")


def _address_range_or_cidr(value: str) -> None:
    if not _is_address(value) and not _is_cidr(value):
        raise FormatError("value does not look like a valid IP address or CIDR network\n")


def _subnet(value: str) -> None:
    """A network, or its name in a zone: `zone-10.0.0.0-24`."""
    found = re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]*-(\S+)-(\d+)", value)
    if not _is_cidr(f"{found[1]}/{found[2]}" if found else value):
        raise FormatError("value does not look like a valid CIDR network\n")


def _vnet(value: str) -> None:
    """Before 9.0 the name of a virtual network had a format, since then it has a pattern and a length."""
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]*[a-zA-Z0-9]", value):
        raise FormatError(f"vnet ID '{value}' contains illegal characters\n")
    if len(value) > _LONGEST_VNET:
        raise FormatError(f"vnet ID '{value}' can't be more length than {_LONGEST_VNET} characters\n")


def _vlan(value: str) -> None:
    """A tag or a range of tags."""
    for tag in value.split("-"):
        if not tag.isdigit() or not 2 <= int(tag) <= 4094:
            raise FormatError(f"invalid VLAN tag '{tag}'\n")


FORMATS: dict[str, Callable[[str], None]] = {
    "ipv4": _address(4, "IPv4 address"),
    "ipv6": _address(6, "IPv6 address"),
    "ip": _address(0, "IP address"),
    "address": _address_or_name,
    "dns-name": looks_like(DNS_NAME, "DNS name"),
    "CIDR": _cidr(0, "CIDR network"),
    "CIDRv4": _cidr(4, "IPv4 CIDR network"),
    "CIDRv6": _cidr(6, "IPv6 CIDR network"),
    "IPorCIDR": _address_range_or_cidr,
    "ipv4mask": looks_like(r"(?:\d{1,3}\.){3}\d{1,3}", "IP netmask mask"),
    # The second digit decides: an odd first byte is a multicast address.
    "pve-vlan-id-or-range": _vlan,
    "pve-sdn-subnet-id": _subnet,
    "pve-sdn-vnet-id": _vnet,
    "pve-sdn-fabric-id": says(
        r"[a-zA-Z0-9][a-zA-Z0-9-]{0,6}[a-zA-Z0-9]?", "Fabric ID '{value}' contains illegal characters"
    ),
    "mac-addr": looks_like(r"[0-9a-f][02468ace](?::[0-9a-f]{2}){5}", "unicast MAC address", re.IGNORECASE),
    "mac-prefix": says(
        r"[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?", "value is not a valid unicast MAC address prefix", re.IGNORECASE
    ),
    "pve-bridge-id": looks_like(r"[-_.\w\d]+", "bridge ID"),
    "pve-ipv4-config": _config(4, "dhcp manual"),
    "pve-ipv6-config": _config(6, "auto dhcp manual"),
    "lxc-ip-with-ll-iface": _lxc_nameserver,
    "urlencoded": says(
        r"(?:[A-Za-z0-9\-_.!~*'()/:?&=+$,;@]|%[0-9A-Fa-f]{2}|[\n\r])*", "invalid urlencoded string: {value}"
    ),
}
