"""/access/users: people who may log in."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _permissions
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, deny, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.access import Token, User, hash_password, is_password

_TEXTS = ("comment", "email", "firstname", "keys", "lastname")


def known_user(call: Call, prefix: str = "") -> User:
    """The user named in the path, or PVE's error."""
    name = call.text("userid")
    if name not in call.cluster.access.users:
        die(f"{prefix}no such user ('{name}')")
    return call.cluster.access.users[name]


def token_row(token: Token) -> dict[str, Any]:
    row: dict[str, Any] = {"expire": token.expire, "privsep": int(token.privsep)}
    return {**row, "comment": token.comment} if token.comment else row


def _row(user: User) -> dict[str, Any]:
    row: dict[str, Any] = {"enable": int(user.enable), "expire": user.expire}
    texts = {k: v for k, v in user.fields.items() if v}
    # In user.cfg the e-mail stands before comment and keys; an empty field between two colons reads as '' (9.1).
    if ("comment" in texts or "keys" in texts) and "email" not in texts:
        texts["email"] = ""
    return {**row, **texts}


@answers("GET", "/access/users")
def listing(call: Call) -> Any:
    access = call.cluster.access
    rows = []
    for name, user in access.users.items():
        if not _may_see(call, name):
            continue
        if "enabled" in call.params and user.enable != call.flag("enabled"):
            continue
        row = {"userid": name, **_row(user)}
        if realm := access.realms.get(name.rpartition("@")[2]):
            row["realm-type"] = realm["type"]
        if call.flag("full"):
            row["groups"] = ",".join(access.groups_of(name))
            row["tokens"] = [{"tokenid": t, **token_row(v)} for t, v in user.tokens.items()] or None
        rows.append(row)
    return rows


def _may_see(call: Call, name: str) -> bool:
    if name == call.user or call.may("/access/groups", "User.Modify", "Sys.Audit"):
        return True
    return any(call.may(f"/access/groups/{g}", "User.Modify", "Sys.Audit") for g in call.cluster.access.groups_of(name))


@answers("POST", "/access/users")
def create(call: Call) -> None:
    access, name = call.cluster.access, call.text("userid")
    if name in access.users:
        die(f"create user failed: user '{name}' already exists")
    _check_groups(call, "create user failed: ")
    password = call.text("password")
    access.users[name] = User(
        enable=call.flag("enable", True),
        expire=call.number("expire"),
        password=hash_password(password) if password else "",
        fields=call.given(_TEXTS),
    )
    for group in call.items("groups"):
        access.groups[group].members.append(name)


def _check_groups(call: Call, prefix: str) -> None:
    for group in call.items("groups"):
        if group not in call.cluster.access.groups:
            die(f"{prefix}no such group '{group}'")


@answers("GET", "/access/users/{userid}")
def read(call: Call) -> Any:
    user = known_user(call)
    tokens = {name: token_row(token) for name, token in user.tokens.items()} or None
    return {**_row(user), "groups": list(call.cluster.access.groups_of(call.text("userid"))), "tokens": tokens}


@answers("PUT", "/access/users/{userid}")
def update(call: Call) -> None:
    user = known_user(call, "update user failed: ")
    _check_groups(call, "update user failed: ")
    if "enable" in call.params:
        user.enable = call.flag("enable")
    if "expire" in call.params:
        user.expire = call.number("expire")
    given = call.given(_TEXTS)
    # An emptied field stays as '' only for the e-mail, and only when another field forces its colon.
    user.fields = {**user.fields, **given}
    if "groups" in call.params:
        _set_groups(call, call.items("groups"))


def _set_groups(call: Call, groups: list[str]) -> None:
    name = call.text("userid")
    for group_name, group in call.cluster.access.groups.items():
        if group_name in groups and name not in group.members:
            group.members.append(name)
        elif group_name not in groups and name in group.members and not call.flag("append"):
            group.members.remove(name)


@answers("DELETE", "/access/users/{userid}")
def delete(call: Call) -> None:
    access, name = call.cluster.access, call.text("userid")
    gone = access.users.pop(name, None)
    if gone and name == _permissions.ROOT:
        # Root is there without being configured, and its password is the system's.
        access.users[name] = User(password=gone.password)
    access.forget("user", name)
    for group in access.groups.values():
        if name in group.members:
            group.members.remove(name)


@answers("PUT", "/access/password")
def password(call: Call) -> None:
    name = call.text("userid")
    if name not in call.cluster.access.users:
        die(f"no such user ('{name}')")
    realm = name.rpartition("@")[2]
    if name == "root@pam" and not call.is_root:
        deny()
    if realm not in call.cluster.access.realms:
        die(f"domain '{realm}' does not exist")
    _confirm(call)
    call.cluster.access.users[name].password = hash_password(call.text("password"))


def _confirm(call: Call) -> None:
    """Whoever sends a confirmation must know his own password."""
    own = call.cluster.access.users.get(call.user)
    if "confirmation-password" not in call.params or own is None:
        return
    if not is_password(call.text("confirmation-password"), own.password):
        raise ApiError(401, "authentication failure\n")
