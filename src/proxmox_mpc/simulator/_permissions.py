"""Does a user have a privilege on a path: roles from the access control list, inherited down the path.

As PVE::AccessControl decides (9.1): a deeper entry replaces what came from above, a user's own entry hides those of
its groups, NoAccess wins, guests and storages inherit from their pool, a privilege-separated token has what both it
and its user have. Values are 1 where the privilege is passed on to deeper paths, 0 where it holds only here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.simulator._errors import ApiError, deny, die
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.access import Rule
from proxmox_mpc.simulator.state.cluster import Cluster

if TYPE_CHECKING:
    from proxmox_mpc.simulator._call import Call

ROOT = "root@pam"

Privileges = dict[str, int]


def normalize_path(path: str) -> str:
    """One leading slash, none at the end, none doubled."""
    return "/" + "/".join(part for part in path.split("/") if part)


def _roles(cluster: Cluster, user: str, path: str) -> dict[str, int]:
    kind = "token" if "!" in user else "user"
    groups = frozenset(cluster.access.groups_of(user)) if kind == "user" else frozenset()
    by_path: dict[str, list[Rule]] = {}
    for rule in cluster.access.rules:
        if (rule.name == user and rule.kind == kind) or (rule.kind == "group" and rule.name in groups):
            by_path.setdefault(rule.path, []).append(rule)
    found: dict[str, int] = {}
    steps = [part for part in path.split("/") if part]
    for depth in range(len(steps) + 1):
        here = "/" + "/".join(steps[:depth])
        usable = [r for r in by_path.get(here, ()) if r.propagate or depth == len(steps)]
        own = [r for r in usable if r.kind == kind] or usable
        if own:
            found = {rule.role: int(rule.propagate) for rule in own}
    return {"NoAccess": found["NoAccess"]} if "NoAccess" in found else found


def _pool_path(cluster: Cluster, path: str) -> str | None:
    if found := re.fullmatch(r"/vms/(\d+)", path):
        pool = cluster.pool_of(int(found[1]))
    elif found := re.fullmatch(r"/storage/([^/]+)", path):
        pool = next((n for n, p in cluster.pools.items() if found[1] in p.storages), None)
    else:
        return None
    return f"/pool/{pool}" if pool else None


def _own_privileges(cluster: Cluster, user: str, path: str) -> Privileges:
    roles = _roles(cluster, user, path)
    if "NoAccess" not in roles and (pool := _pool_path(cluster, path)):
        # Roles from the pool hold for the member itself, so they are not passed on (perm-pool, 9.1).
        roles = {**dict.fromkeys(_roles(cluster, user, pool), 0), **roles}
    if "NoAccess" in roles:
        return {}
    found: Privileges = {}
    for role, propagate in roles.items():
        for privilege in cluster.role(role) or ():
            found[privilege] = found.get(privilege, 0) | propagate
    return found


def privileges(cluster: Cluster, user: str, path: str) -> Privileges:
    """What `user` (or token `user!name`) may do on `path`."""
    owner, _, token_name = user.partition("!")
    if token_name:
        theirs = privileges(cluster, owner, path)
        token = cluster.access.token(user)
        if token is not None and token.privsep:
            mine = _own_privileges(cluster, user, path)
            return {p: flag & theirs[p] for p, flag in mine.items() if p in theirs}
        return theirs
    if owner == ROOT:
        return dict.fromkeys(cluster.role("Administrator") or (), 1)
    return _own_privileges(cluster, user, path)


def allows(cluster: Cluster, user: str, path: str, wanted: Sequence[str], *, any_of: bool = False) -> bool:
    if user == ROOT:
        return True
    have = privileges(cluster, user, path)
    return (any if any_of else all)(privilege in have for privilege in wanted)


def check(cluster: Cluster, user: str, path: str, wanted: Sequence[str], *, any_of: bool = False) -> None:
    """Raise 403 with PVE's text unless the user has the privileges on the path."""
    if user == ROOT:
        return
    have = privileges(cluster, user, path)
    if any_of:
        if not any(privilege in have for privilege in wanted):
            deny(f"{path}, {'|'.join(wanted)}")
        return
    for privilege in wanted:
        if privilege not in have:
            deny(f"{path}, {privilege}")


def check_method(call: Call) -> None:
    """The check that the API facts state for the called method. Happens before parameters are verified."""
    stated = call.method.permissions
    if call.user == ROOT or call.method.is_open:
        return
    if not stated:
        deny("user != root@pam")
    if stated.get("user") == "all":
        return
    _require(call, stated["check"])


def _require(call: Call, rule: Sequence[Any]) -> None:
    kind = rule[0]
    if kind == "and":
        for part in rule[1:]:
            _require(call, part)
    elif kind == "or":
        if not any(_passes(call, part) for part in rule[1:]):
            deny()
    else:
        _CHECKS[kind](call, *rule[1:])


def _passes(call: Call, rule: Sequence[Any]) -> bool:
    try:
        _require(call, rule)
    except ApiError:
        return False
    return True


def _perm(call: Call, template: str, wanted: Sequence[str], *options: Any) -> None:
    named = dict(zip(options[::2], options[1::2], strict=False))
    if (needed := named.get("require_param")) and needed not in call.params:
        deny()
    path = normalize_path(fill(template, call.params))
    check(call.cluster, call.user, path, wanted, any_of=bool(named.get("any")))


def fill(template: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda m: str(values.get(m[1], "")), template)


def _userid_param(call: Call, wanted: str) -> None:
    userid = str(call.params.get("userid", ""))
    if wanted == "self":
        if userid != call.user:
            deny()
        return
    check(call.cluster, call.user, f"/access/realm/{userid.rpartition('@')[2]}", [wanted])


def _userid_group(call: Call, wanted: Sequence[str], *options: Any) -> None:
    """The privileges on every group that is asked for and on a group of the user in question, or on all groups."""
    named = dict(zip(options[::2], options[1::2], strict=False))
    mode = named.get("groups_param")
    userid = str(call.params.get("userid", ""))
    if mode is None and userid not in call.cluster.access.users:
        die(f"no such user ('{userid}')")
    if allows(call.cluster, call.user, "/access/groups", wanted, any_of=True):
        return
    if mode is not None:
        asked = split_list(str(call.params.get("groups", "")))
        if not asked:
            deny(f"/access/groups, {'|'.join(wanted)}")
        for group in asked:
            check(call.cluster, call.user, f"/access/groups/{group}", wanted, any_of=True)
    groups = call.cluster.access.groups_of(userid)
    if mode != "create" and not any(
        allows(call.cluster, call.user, f"/access/groups/{group}", wanted, any_of=True) for group in groups
    ):
        deny()


def _perm_modify(call: Call, template: str) -> None:
    path = normalize_path(fill(template, call.params))
    check_modify(call.cluster, call.user, path)


def check_modify(cluster: Cluster, user: str, path: str) -> None:
    """May the user change the access control list here? Owners of a kind of thing may, besides Permissions.Modify."""
    wanted = ["Permissions.Modify"]
    for prefix, privilege in (
        ("/storage/", "Datastore.Allocate"),
        ("/vms/", "VM.Allocate"),
        ("/pool/", "Pool.Allocate"),
    ):
        if path.startswith(prefix):
            wanted.append(privilege)
    check(cluster, user, path, wanted, any_of=True)


_CHECKS: dict[str, Any] = {
    "perm": _perm,
    "userid-param": _userid_param,
    "userid-group": _userid_group,
    "perm-modify": _perm_modify,
}
