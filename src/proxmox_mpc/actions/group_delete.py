"""Delete a group."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_own_group
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name


class GroupDeleteRequest(Request):
    """Which group."""

    name: Name = Field(description="The group's name.")


class GroupDeleteResult(Result):
    """The group that is gone."""

    name: str


@action(permission="groups:write", route="DELETE /groups/{name}", scope="server", writes=True)
async def group_delete(session: Session, request: GroupDeleteRequest) -> GroupDeleteResult:
    """Delete a group and what was granted to it; its members stay."""
    store = await session.store()
    group = await store.groups.get(request.name)
    await not_own_group(session, group.name)
    must_hold_roles(session, await store.grants.of_group(group.name))
    await store.groups.delete(group.name)
    return GroupDeleteResult(name=group.name)
