"""Firewall configurations: one for the cluster, one per node and per guest."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

Rule = dict[str, str]


@dataclass
class IPSet:
    """A named set of addresses. Entries map the address (or alias) to its comment and nomatch flag."""

    comment: str = ""
    entries: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class SecurityGroup:
    comment: str = ""
    rules: list[Rule] = field(default_factory=list)


@dataclass
class Alias:
    """`name` keeps its case; aliases are found without regard to it."""

    name: str
    cidr: str
    comment: str = ""


@dataclass
class Firewall:
    """One firewall file. `aliases` is keyed by the lower-case name."""

    options: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    aliases: dict[str, Alias] = field(default_factory=dict)
    ipsets: dict[str, IPSet] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)


def version_of(address: str) -> int | None:
    """4 or 6 for addresses, networks and ranges; None for names."""
    first = address.lstrip("+").partition(",")[0].partition("-")[0].partition("/")[0]
    try:
        return ipaddress.ip_address(first).version
    except ValueError:
        return None
