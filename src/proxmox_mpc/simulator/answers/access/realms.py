"""/access/domains: where users come from."""

from __future__ import annotations

import hashlib
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers

_BUILTIN = ("pam", "pve")
_NUMBERS = ("default", "autocreate", "case-sensitive", "verify", "secure", "port", "check-connection")


def _value(name: str, text: str) -> Any:
    return int(text) if name in _NUMBERS and text.lstrip("-").isdigit() else text


@answers("GET", "/access/domains")
def listing(call: Call) -> Any:
    rows = []
    for name, realm in call.cluster.access.realms.items():
        row: dict[str, Any] = {"realm": name, "type": realm["type"]}
        row |= {k: _value(k, realm[k]) for k in ("comment", "default", "tfa") if k in realm}
        rows.append(row)
    return rows


def _known(call: Call, prefix: str = "") -> dict[str, str]:
    name = call.text("realm")
    if name not in call.cluster.access.realms:
        die(f"{prefix}domain '{name}' does not exist")
    return call.cluster.access.realms[name]


@answers("GET", "/access/domains/{realm}")
def read(call: Call) -> Any:
    realm = _known(call)
    digest = hashlib.sha1(repr(call.cluster.access.realms).encode(), usedforsecurity=False).hexdigest()
    return {**{k: _value(k, v) for k, v in realm.items() if k != "password"}, "digest": digest}


@answers("POST", "/access/domains")
def create(call: Call) -> None:
    name = call.text("realm")
    if name in call.cluster.access.realms:
        die(f"add auth server failed: domain '{name}' already exists")
    given = {k: v for k, v in call.params.items() if k not in ("realm", "check-connection")}
    if call.flag("default"):
        _forget_default(call)
    call.cluster.access.realms[name] = given


def _forget_default(call: Call) -> None:
    for realm in call.cluster.access.realms.values():
        realm.pop("default", None)


@answers("PUT", "/access/domains/{realm}")
def update(call: Call) -> None:
    name = call.text("realm")
    if name not in call.cluster.access.realms:
        die(
            "update auth server failed: cannot lookup undefined type! at /usr/share/perl5/PVE/SectionConfig.pm line 404."
        )
    realm = _known(call)
    given = {k: v for k, v in call.params.items() if k not in ("realm", "check-connection", "delete", "digest")}
    for key in call.items("delete"):
        realm.pop(key, None)
    if call.flag("default"):
        _forget_default(call)
    realm.update(given)


@answers("DELETE", "/access/domains/{realm}")
def delete(call: Call) -> None:
    _known(call, "delete auth server failed: ")
    if call.text("realm") in _BUILTIN:
        kept = call.cluster.access.realms[call.text("realm")]
        kept.pop("comment", None)
        return
    del call.cluster.access.realms[call.text("realm")]
