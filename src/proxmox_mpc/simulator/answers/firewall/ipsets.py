"""IP sets: named sets of addresses."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.firewall import _checks, _scope
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import Firewall, IPSet, version_of

_ALL = _scope.paths("/ipset", nodes=False)
_ONE = _scope.paths("/ipset/{name}", nodes=False)
_ENTRY = _scope.paths("/ipset/{name}/{cidr}", nodes=False)


def _part(firewall: Firewall) -> object:
    return sorted((k, repr(v)) for k, v in firewall.ipsets.items())


def _known(call: Call) -> IPSet:
    ipsets, name = _scope.find(call).ipsets, call.text("name")
    if name not in ipsets:
        die(f"no such IPSet '{name}'")
    return ipsets[name]


@answers("GET", *_ALL)
def listing(call: Call) -> Any:
    firewall = _scope.find(call)
    made = digest(_part(firewall))
    return [
        {"name": name, "digest": made, **({"comment": ipset.comment} if ipset.comment else {})}
        for name, ipset in sorted(firewall.ipsets.items())
    ]


@answers("POST", *_ALL)
def create(call: Call) -> None:
    """Also renames, and changes a comment by renaming a set to itself."""
    ipsets, name, old = _scope.find(call).ipsets, call.text("name"), call.text("rename")
    if not old:
        if name in ipsets:
            refuse(name=f"IPSet '{name}' already exists")
        ipsets[name] = IPSet(call.text("comment"))
        return
    if old not in ipsets:
        refuse(name=f"IPSet '{old}' does not exist")
    if name != old and name in ipsets:
        refuse(name=f"IPSet '{name}' does already exist")
    ipset = ipsets.pop(old)
    ipset.comment = call.text("comment", ipset.comment)
    ipsets[name] = ipset


@answers("GET", *_ONE)
def entries(call: Call) -> Any:
    ipset = _known(call)
    made = digest(_part(_scope.find(call)))
    return [_show(cidr, entry, made) for cidr, entry in ipset.entries.items()]


def _show(cidr: str, entry: dict[str, str], made: str) -> dict[str, Any]:
    row: dict[str, Any] = {"cidr": cidr, "digest": made}
    if entry.get("comment"):
        row["comment"] = entry["comment"]
    if entry.get("nomatch") == "1":
        row["nomatch"] = 1
    return row


@answers("POST", *_ONE)
def add(call: Call) -> None:
    ipset, cidr = _known(call), call.text("cidr")
    if cidr.endswith("/0"):
        refuse(cidr="a zero prefix is not allowed in ipset entries")
    if version_of(cidr) is None and _checks.alias(call, cidr) is None:
        die(f"no such alias '{cidr}'")
    cidr = cidr.removesuffix("/32") if version_of(cidr) == 4 else cidr.removesuffix("/128")
    if cidr in ipset.entries:
        refuse(cidr=f"address '{cidr}' already exists")
    ipset.entries[cidr] = call.given(("comment", "nomatch"))


@answers("DELETE", *_ONE)
def delete(call: Call) -> None:
    ipset = _known(call)
    if ipset.entries and not call.flag("force"):
        die(f"IPSet '{call.text('name')}' is not empty")
    del _scope.find(call).ipsets[call.text("name")]


def _entry(call: Call) -> dict[str, str]:
    entry = _known(call).entries.get(call.text("cidr"))
    if entry is None:
        refuse(cidr="no such IP/Network")
    return entry


@answers("GET", *_ENTRY)
def read(call: Call) -> Any:
    return _show(call.text("cidr"), _entry(call), digest(_part(_scope.find(call))))


@answers("PUT", *_ENTRY)
def update(call: Call) -> None:
    """Replaces: what is not sent is gone (facts, 9.1)."""
    _scope.check_digest(call, _part(_scope.find(call)))
    _entry(call)
    _known(call).entries[call.text("cidr")] = call.given(("comment", "nomatch"))


@answers("DELETE", *_ENTRY)
def remove(call: Call) -> None:
    _scope.check_digest(call, _part(_scope.find(call)))
    _known(call).entries.pop(call.text("cidr"), None)
