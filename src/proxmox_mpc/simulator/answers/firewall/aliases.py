"""Aliases: names for addresses and networks."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.firewall import _scope
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import Alias, Firewall, version_of

_ALL = _scope.paths("/aliases", nodes=False)
_ONE = _scope.paths("/aliases/{name}", nodes=False)


def _part(firewall: Firewall) -> object:
    return sorted((k, repr(v)) for k, v in firewall.aliases.items())


def _show(alias: Alias) -> dict[str, Any]:
    row = {"name": alias.name, "cidr": alias.cidr, "ipversion": version_of(alias.cidr)}
    return {**row, "comment": alias.comment} if alias.comment else row


def _known(call: Call) -> Alias:
    alias = _scope.find(call).aliases.get(call.text("name").lower())
    if alias is None:
        refuse(name="no such alias")
    return alias


@answers("GET", *_ALL)
def listing(call: Call) -> Any:
    firewall = _scope.find(call)
    made = digest(_part(firewall))
    return [{**_show(alias), "digest": made} for alias in firewall.aliases.values()]


@answers("POST", *_ALL)
def create(call: Call) -> None:
    aliases, name = _scope.find(call).aliases, call.text("name")
    if name.lower() in aliases:
        refuse(name=f"alias '{name}' already exists")
    aliases[name.lower()] = Alias(name, call.text("cidr"), call.text("comment"))


@answers("GET", *_ONE)
def read(call: Call) -> Any:
    return _show(_known(call))


@answers("PUT", *_ONE)
def update(call: Call) -> None:
    """Replaces: a comment that is not sent is gone (facts, 9.1)."""
    firewall = _scope.find(call)
    _scope.check_digest(call, _part(firewall))
    alias = _known(call)
    name = call.text("rename", alias.name)
    if name.lower() != alias.name.lower() and name.lower() in firewall.aliases:
        refuse(name=f"alias '{name}' already exists")
    del firewall.aliases[alias.name.lower()]
    firewall.aliases[name.lower()] = Alias(name, call.text("cidr"), call.text("comment"))


@answers("DELETE", *_ONE)
def delete(call: Call) -> None:
    firewall = _scope.find(call)
    _scope.check_digest(call, _part(firewall))
    firewall.aliases.pop(call.text("name").lower(), None)
