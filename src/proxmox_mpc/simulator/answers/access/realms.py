"""/access/domains: where users come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers

# Realm types: the options each needs, and prefixes of those that belong to other types (PVE::Auth plugins, 9.1).
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "ad": ("domain", "server1"),
    "ldap": ("base_dn", "server1", "user_attr"),
    "openid": ("issuer-url", "client-id"),
    "pam": (),
    "pve": (),
}
_EVERYWHERE = frozenset({"type", "comment", "default", "tfa"})
_BUILTIN_COMMENTS = {"pam": "Linux PAM standard authentication", "pve": "Proxmox VE authentication server"}
_NOT_STORED = frozenset({"realm", "check-connection", "delete", "digest"})


def _digest(call: Call) -> str:
    return hashlib.sha1(repr(call.cluster.access.realms).encode(), usedforsecurity=False).hexdigest()


def _comment(name: str, realm: Mapping[str, str]) -> str:
    """A built-in realm always has a comment in the list."""
    return realm.get("comment") or _BUILTIN_COMMENTS.get(name, "")


@answers("GET", "/access/domains")
def listing(call: Call) -> Any:
    rows = []
    for name, realm in call.cluster.access.realms.items():
        row: dict[str, Any] = {"realm": name, "type": realm["type"]}
        if comment := _comment(name, realm):
            row["comment"] = comment
        if realm.get("default") == "1":
            row["default"] = 1
        if "tfa" in realm:
            row["tfa"] = dict(p.partition("=")[::2] for p in realm["tfa"].split(","))["type"]
        rows.append(row)
    return rows


@answers("GET", "/access/domains/{realm}")
def read(call: Call) -> Any:
    name = call.text("realm")
    realm = call.cluster.access.realms.get(name)
    if realm is None:
        die(f"domain '{name}' does not exist")
    facts = call.routes.method("POST", "/access/domains").parameters
    shown: dict[str, Any] = {
        k: int(v) if facts.facts(k).get("type") in ("boolean", "integer") else v
        for k, v in realm.items()
        if k != "password"
    }
    if name == "pam":
        shown["plugin"] = "PVE::Auth::PAM"
    return {**shown, "digest": _digest(call)}


def _check(prefix: str, name: str, realm: Mapping[str, str]) -> None:
    for option in _NEEDED[realm["type"]]:
        if not realm.get(option):
            die(f"{prefix}missing value for required option '{option}'")


@answers("POST", "/access/domains")
def create(call: Call) -> None:
    name, prefix, realms = call.text("realm"), "add auth server failed: ", call.cluster.access.realms
    if name in realms:
        die(f"{prefix}domain '{name}' already exists")
    if call.text("type") in _BUILTIN_COMMENTS:
        die(f"{prefix}unable to create builtin type '{call.text('type')}'")
    given = {k: v for k, v in call.params.items() if k not in _NOT_STORED}
    _check(prefix, name, given)
    if call.flag("default"):
        _forget_default(call)
    realms[name] = given


def _forget_default(call: Call) -> None:
    for realm in call.cluster.access.realms.values():
        realm.pop("default", None)


@answers("PUT", "/access/domains/{realm}")
def update(call: Call) -> None:
    name, prefix = call.text("realm"), "update auth server failed: "
    before = call.cluster.access.realms.get(name)
    if before is None:
        die(f"{prefix}cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Domains.pm line 261.")
    if "digest" in call.params and call.text("digest") != _digest(call):
        die(f"{prefix}detected modified configuration - file changed by other user? Try again.")
    given = {k: v for k, v in call.params.items() if k not in _NOT_STORED}
    if before["type"] in _BUILTIN_COMMENTS:
        for key in given:
            if key not in _EVERYWHERE:
                die(f"{prefix}unexpected property '{key}'")
    # Names that nobody knows may be deleted; a value that is set in the same request stays (facts, 9.1).
    kept = {k: v for k, v in before.items() if k not in call.items("delete") or k == "type"}
    _check(f"{prefix}section '{name}' - ", name, {**kept, **given})
    if call.flag("default"):
        _forget_default(call)
        kept.pop("default", None)
    call.cluster.access.realms[name] = {**kept, **given}


@answers("DELETE", "/access/domains/{realm}")
def delete(call: Call) -> None:
    name, realms = call.text("realm"), call.cluster.access.realms
    if name not in realms:
        die(f"delete auth server failed: authentication domain '{name}' does not exist")
    if name in _BUILTIN_COMMENTS:
        realms[name] = {"type": name, "comment": _BUILTIN_COMMENTS[name]}
    else:
        del realms[name]


@answers("POST", "/access/domains/{realm}/sync")
def synchronize(call: Call) -> str:
    realm = call.cluster.access.realms.get(call.text("realm"))
    if realm is None:
        refuse(realm="Realm does not exist.")
    if realm["type"] not in ("ad", "ldap"):
        die(f"Cannot sync realm type '{realm['type']}'! Only LDAP/AD realms can be synced.")
    if "scope" not in call.params and "scope=" not in realm.get("sync-defaults-options", ""):
        refuse(scope="Not passed as parameter and not defined in realm default sync options.")
    return call.fork("auth-realm-sync", call.text("realm"), synchronizing(call.text("realm")))


def synchronizing(name: str) -> _tasks.Job:
    """The task that synchronizes a realm; no directory can be reached from a simulator."""

    def work(work: _tasks.Work) -> None:
        work.log(f"starting sync for realm {name}")
        realm = work.cluster.access.realms.get(name)
        if realm is None:
            die(f"realm '{name}' does not exist")
        die(f"unable to connect to LDAP server '{realm.get('server1', '')}'")

    return work
