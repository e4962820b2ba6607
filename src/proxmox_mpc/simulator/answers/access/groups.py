"""/access/groups: users who share permissions."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.access import Group


def _known(call: Call, prefix: str = "") -> Group:
    name = call.text("groupid")
    if name not in call.cluster.access.groups:
        die(f"{prefix}group '{name}' does not exist")
    return call.cluster.access.groups[name]


@answers("GET", "/access/groups")
def listing(call: Call) -> Any:
    rows = []
    wanted = ("User.Modify", "Sys.Audit", "Group.Allocate")
    for name, group in call.cluster.access.groups.items():
        if call.may("/access/groups", *wanted) or call.may(f"/access/groups/{name}", *wanted):
            row = {"groupid": name, "users": ",".join(group.members)}
            rows.append({**row, "comment": group.comment} if group.comment else row)
    return rows


@answers("POST", "/access/groups")
def create(call: Call) -> None:
    name = call.text("groupid")
    if name in call.cluster.access.groups:
        die(f"create group failed: group '{name}' already exists")
    call.cluster.access.groups[name] = Group(call.text("comment"))


@answers("GET", "/access/groups/{groupid}")
def read(call: Call) -> Any:
    group = _known(call)
    row: dict[str, Any] = {"members": list(group.members)}
    return {**row, "comment": group.comment} if group.comment else row


@answers("PUT", "/access/groups/{groupid}")
def update(call: Call) -> None:
    group = _known(call, "update group failed: ")
    group.comment = call.text("comment", group.comment)


@answers("DELETE", "/access/groups/{groupid}")
def delete(call: Call) -> None:
    _known(call, "delete group failed: ")
    name = call.text("groupid")
    del call.cluster.access.groups[name]
    call.cluster.access.forget("group", name)
