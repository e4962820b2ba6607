"""What makes a firewall rule wrong beyond its schema (PVE::Firewall::verify_rule, 9.1)."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator.answers.firewall import _scope
from proxmox_mpc.simulator.state.firewall import Rule, version_of

MACROS = frozenset(
    """Amanda Auth BGP BitTorrent BitTorrent32 CVS Ceph Citrix DAAP DCC DHCPfwd DHCPv6 DNS Distcc FTP Finger GNUnet GRE
    Git HKP HTTP HTTPS ICPV2 ICQ IMAP IMAPS IPIP IPsec IPsecah IPsecnat IRC Jetdirect L2TP LDAP LDAPS MDNS MSNP MSSQL
    Mail Munin MySQL NNTP NNTPS NTP NeighborDiscovery OSPF OpenVPN PCA PMG POP3 POP3S PPtP Ping PostgreSQL Printer RDP
    RIP RNDC Razor Rdate Rsync SANE SMB SMBswat SMTP SMTPS SNMP SPAMD SPICEproxy SSH SVN SixXS Squid Submission Syslog
    TFTP Telnet Telnets Time Trcrt VNC VNCL Web Webcache Webmin Whois""".split()
)
_ACTIONS = frozenset({"ACCEPT", "DROP", "REJECT"})
_ICMP = frozenset({"icmp", "icmpv6", "ipv6-icmp", "1", "58"})


def ip_version(rule: Rule) -> int | None:
    """The family that a rule's addresses and protocol make it."""
    for key in ("source", "dest"):
        if key in rule and (version := version_of(rule[key])):
            return version
    return {"icmp": 4, "icmpv6": 6, "ipv6-icmp": 6}.get(rule.get("proto", ""))


def resolved_version(call: Call, rule: Rule) -> int | None:
    """As `ip_version`, looking up aliases too."""
    if found := ip_version(rule):
        return found
    for key in ("source", "dest"):
        if (cidr := alias(call, rule.get(key, ""))) and (version := version_of(cidr)):
            return version
    return None


def alias(call: Call, name: str) -> str | None:
    """The address behind `name`, `dc/name` or `guest/name`."""
    scope, slash, rest = name.partition("/")
    if slash and scope not in ("dc", "guest"):
        return None
    key = (rest if slash else name).lower()
    homes = [_scope.of_cluster(call)] if scope == "dc" else [_scope.find(call), _scope.of_cluster(call)]
    return next((home.aliases[key].cidr for home in homes if key in home.aliases), None)


def _has_ipset(call: Call, name: str) -> bool:
    scope, slash, rest = name.partition("/")
    key = rest if slash else name
    homes = [_scope.of_cluster(call)] if scope == "dc" else [_scope.find(call), _scope.of_cluster(call)]
    return any(key in home.ipsets for home in homes)


def reference_errors(call: Call, rule: Rule) -> dict[str, str]:
    """Aliases and sets that are not there."""
    found: dict[str, str] = {}
    for key in ("source", "dest"):
        value = rule.get(key, "")
        if not value or version_of(value):
            continue
        if value.startswith("+"):
            if not _has_ipset(call, value[1:]):
                found[key] = f"no such ipset '{value[1:].rpartition('/')[2]}'"
        elif alias(call, value.rpartition("/")[2]) is None:
            # The scope before the name is not looked at here (fw-guest-aliases-ipsets, 9.1).
            found[key] = f"no such alias '{value}'"
    return found


def check(call: Call, rule: Rule, in_group: bool) -> None:
    """Raise 400 with PVE's texts for a rule that cannot be."""
    kind = rule["type"]
    if "vnet" in call.params and kind in ("in", "out"):
        refuse(type=f"invalid rule type '{kind}' for rule_env 'vnet'")
    if kind == "group":
        if in_group:
            refuse(type="invalid rule type 'group' for rule_env 'group'")
        return
    if rule["action"] not in _ACTIONS:
        refuse(action=f"unknown action '{rule['action']}'")
    if kind == "forward" and rule["action"] == "REJECT":
        refuse(action="cannot define REJECT rules on forward chain")
    if "macro" in rule and rule["macro"] not in MACROS:
        refuse(macro=f"unknown macro '{rule['macro']}'")
    if "iface" in rule and in_group:
        refuse(type="parameter -i not allowed for this rule type")
    if "vmid" in call.params and "iface" in rule and not re.fullmatch(r"net\d+", rule["iface"]):
        refuse(iface="value does not match the regex pattern '^net\\d+$'")
    for key in ("dport", "sport"):
        if key in rule and "proto" not in rule:
            refuse(proto=f"missing property - '{key}' requires this property")
    if "icmp-type" in rule and rule.get("proto") not in _ICMP:
        refuse(proto="missing property - 'icmp-type' requires this property")
    versions = [v for key in ("source", "dest") if (v := version_of(rule.get(key, "")))]
    if len(set(versions)) > 1:
        refuse(dest="detected mixed ipv4/ipv6 addresses in rule")
    if "vmid" not in call.params and (wrong := reference_errors(call, rule)):
        refuse(wrong)
