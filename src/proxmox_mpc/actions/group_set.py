"""Change a group."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_oneself
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, Name, UserName


class GroupSetRequest(Request):
    """What to change; what is not given stays."""

    name: Name = Field(description="The group's name.")
    description: Line | None = Field(default=None, description="What it is for.")
    add: list[UserName] = Field(default=[], description="Users to become members.", max_length=1000)
    remove: list[UserName] = Field(default=[], description="Users to be members no more.", max_length=1000)


class GroupSetResult(Result):
    """The group's members as they are now."""

    name: str
    members: list[str]


@action(permission="groups:write", route="PUT /groups/{name}", scope="server", writes=True)
async def group_set(session: Session, request: GroupSetRequest) -> GroupSetResult:
    """Make users members of a group, or end that. You need what the group holds, and cannot change your own."""
    store = await session.store()
    group = await store.groups.get(request.name)
    added = [(await store.users.get(name)).id for name in request.add]
    removed = [(await store.users.get(name)).id for name in request.remove]
    for user_id in (*added, *removed):
        not_oneself(session, user_id)
    if added or removed:
        must_hold_roles(session, await store.grants.of_group(group.name))
    if request.description is not None:
        await store.groups.describe(group.name, request.description)
    await store.groups.add(group.name, added)
    await store.groups.remove(group.name, removed)
    return GroupSetResult(name=group.name, members=list((await store.groups.get(group.name)).members))
