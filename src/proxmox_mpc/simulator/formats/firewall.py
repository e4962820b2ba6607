"""Addresses, ports and protocols in firewall rules."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, says

# Superscripts are digits too, and there are numbers longer than Python reads.
_SMALL = re.compile(r"[0-9]{1,100}")
_NAME = r"(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9\-_]+"
_PROTOCOLS = frozenset(
    """ip icmp igmp ggp ipencap st tcp egp igp pup udp hmp xns-idp rdp iso-tp4 dccp xtp ddp idpr-cmtp ipv6 ipv6-route
    ipv6-frag idrp rsvp gre esp ah skip ipv6-icmp icmpv6 ipv6-nonxt ipv6-opts vmtp eigrp ospf ax.25 ipip etherip encap
    pim ipcomp vrrp l2tp isis sctp fc mobility-header udplite mpls-in-ip hip shim6 wesp rohc""".split()
)
_ICMP = frozenset(
    """any echo-reply destination-unreachable network-unreachable host-unreachable protocol-unreachable port-unreachable
    fragmentation-needed source-route-failed network-unknown host-unknown network-prohibited host-prohibited
    TOS-network-unreachable TOS-host-unreachable communication-prohibited host-precedence-violation precedence-cutoff
    source-quench redirect network-redirect host-redirect TOS-network-redirect TOS-host-redirect echo-request
    router-advertisement router-solicitation time-exceeded ttl-zero-during-transit ttl-zero-during-reassembly
    parameter-problem ip-header-bad required-option-missing timestamp-request timestamp-reply address-mask-request
    address-mask-reply no-route beyond-scope address-unreachable failed-policy reject-route packet-too-big bad-header
    unknown-header-type unknown-option neighbor-solicitation neighbour-solicitation neighbor-advertisement
    neighbour-advertisement""".split()
)
_SERVICES = frozenset(
    "ftp ssh telnet smtp domain http https pop3 imap imaps pop3s ldap ldaps ntp snmp syslog mysql postgresql".split()
)


def _address(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        bad = next((q for q in text.split("/")[0].split(".") if _SMALL.fullmatch(q) and int(q) > 255), "")
        why = f"Invalid quad in IP address {text} - {bad}" if bad else f"Invalid IP address {text}"
        raise FormatError(f"invalid IP address: {why}\n") from None


def address_spec(value: str) -> None:
    """An address, a network, a range, a list of them, an alias or `+ipset`."""
    if re.fullmatch(rf"\+(?:{_NAME})", value) or re.fullmatch(_NAME, value):
        return
    parts = value.split(",")
    for part in parts:
        if "-" in part:
            if len(parts) > 1:
                raise FormatError("you can't use a range in a list\n")
            for end in part.split("-", 1):
                _address(end)
        else:
            _address(part)


def ports(value: str) -> None:
    for part in value.split(","):
        for port in part.split(":", 1):
            if not (_SMALL.fullmatch(port) and int(port) <= 65535) and port not in _SERVICES:
                raise FormatError(f"invalid port '{port}'\n")


def protocol(value: str) -> None:
    if value not in _PROTOCOLS and not (_SMALL.fullmatch(value) and int(value) < 256):
        raise FormatError(f"unknown protocol '{value}'\n")


def icmp_type(value: str) -> None:
    if value not in _ICMP and not re.fullmatch(r"\d+(?:/\d+)?", value):
        raise FormatError(f"invalid icmp-type value '{value}'\n")


def address_or_alias(value: str) -> None:
    if re.fullmatch(_NAME, value):
        return
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise FormatError("value does not look like a valid IP address or CIDR network\n") from None


def helpers(value: str) -> None:
    for name in value.split(","):
        if name not in ("amanda", "ftp", "irc", "netbios-ns", "pptp", "sane", "sip", "snmp", "tftp"):
            raise FormatError(f"unknown helper {name} at /usr/share/perl5/PVE/Firewall.pm line 1167.\n")


FORMATS: dict[str, Callable[[str], None]] = {
    "pve-fw-addr-spec": address_spec,
    "pve-fw-sport-spec": ports,
    "pve-fw-dport-spec": ports,
    "pve-fw-protocol-spec": protocol,
    "pve-fw-icmp-type-spec": icmp_type,
    "pve-fw-conntrack-helper": helpers,
    "IPorCIDRorAlias": address_or_alias,
    "pve-iface": says(r"[a-zA-Z][a-zA-Z0-9_]{1,20}(?:[:.]\d+)?", "invalid network interface name '{value}'"),
}
