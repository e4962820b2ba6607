"""/access/acl: who has which role on which path."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator import _permissions
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.access import Rule

# Paths that permissions can be given on (PVE::AccessControl, 9.1).
_PATH = re.compile(
    r"/(?:access(?:/groups(?:/[A-Za-z0-9.\-_]+)?|/realm(?:/[A-Za-z][A-Za-z0-9.\-_]+)?)?"
    r"|nodes(?:/[A-Za-z0-9.\-]+)?|pool(?:/[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2})?"
    r"|sdn(?:/zones(?:/[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+(?:/[1-9][0-9]{0,3})?)?)?"
    r"|/(?:controllers|dns|ipams|fabrics|prefix-lists|route-maps)(?:/[A-Za-z0-9.\-_]+)?)?"
    r"|storage(?:/[A-Za-z0-9.\-_]+)?|vms(?:/[1-9][0-9]{2,8})?"
    r"|mapping(?:/(?:dir|hwrng|notifications|pci|usb)(?:/[A-Za-z0-9.\-_]+)?)?)?"
)


@answers("GET", "/access/acl")
def listing(call: Call) -> Any:
    access = call.cluster.access
    everything = call.may("/access", "Sys.Audit", "Permissions.Modify")
    rows = []
    for rule in access.rules:
        if everything or call.may(rule.path, "Permissions.Modify"):
            rows.append(
                {
                    "path": rule.path,
                    "type": rule.kind,
                    "ugid": rule.name,
                    "roleid": rule.role,
                    "propagate": int(rule.propagate),
                }
            )
    return rows


@answers("PUT", "/access/acl")
def update(call: Call) -> None:
    subjects = [(kind, name) for kind in ("user", "group", "token") for name in call.items(f"{kind}s")]
    if not any(f"{kind}s" in call.params for kind in ("user", "group", "token")):
        text = "either 'users', 'groups' or 'tokens' is required."
        refuse(users=text, groups=text, tokens=text)
    path = _permissions.normalize_path(call.text("path"))
    if not _PATH.fullmatch(path):
        refuse(path=f"invalid ACL path '{call.text('path')}'")
    if not call.may(path, "Permissions.Modify") and call.flag("delete"):
        # Owners of a kind of thing may give away only what they have.
        call.need(path, "Permissions.Modify")
    access = call.cluster.access
    for role in call.items("roles"):
        if call.cluster.role(role) is None:
            die(f"ACL update failed: role '{role}' does not exist")
    for kind, name in subjects:
        _check_subject(call, kind, name)
    for role in call.items("roles"):
        for kind, name in subjects:
            access.rules = [r for r in access.rules if (r.path, r.kind, r.name, r.role) != (path, kind, name, role)]
            if not call.flag("delete"):
                access.rules.append(Rule(path, kind, name, role, call.flag("propagate", True)))


def _check_subject(call: Call, kind: str, name: str) -> None:
    access = call.cluster.access
    if kind == "group" and name not in access.groups:
        die(f"ACL update failed: group '{name}' does not exist")
    user, _, token = name.partition("!")
    if kind != "group" and user not in access.users:
        die(f"ACL update failed: user '{user}' does not exist")
    if kind == "token" and access.token(name) is None:
        die(f"ACL update failed: no such token '{token}' for user '{user}'")


# Paths that every overview of permissions looks at, whether or not an entry names them.
_USUAL = ("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms")


@answers("GET", "/access/permissions")
def permissions(call: Call) -> Any:
    user = call.text("userid", call.user)
    if user != call.user and not call.user.startswith(f"{user}!") and not user.startswith(f"{call.user}!"):
        call.need("/access", "Sys.Audit")
    cluster = call.cluster
    if "path" in call.params:
        path = _permissions.normalize_path(call.text("path"))
        return {path: _permissions.privileges(cluster, user, path)}
    paths = [*_USUAL, *(rule.path for rule in cluster.access.rules)]
    for pool in cluster.pools.values():
        paths += [f"/vms/{vmid}" for vmid in pool.guests] + [f"/storage/{name}" for name in pool.storages]
    found = {path: _permissions.privileges(cluster, user, path) for path in dict.fromkeys(paths)}
    return {path: powers for path, powers in found.items() if powers}
