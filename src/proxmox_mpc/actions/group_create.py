"""Make a group."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, Name


class GroupCreateRequest(Request):
    """A new group."""

    name: Name = Field(description="The group's name.")
    description: Line = Field(default="", description="What it is for.")


class GroupCreateResult(Result):
    """The group."""

    name: str


@action(permission="groups:write", route="POST /groups", scope="server", status=201, writes=True)
async def group_create(session: Session, request: GroupCreateRequest) -> GroupCreateResult:
    """Make a group, for roles to be granted to all its members."""
    await (await session.store()).groups.create(request.name, request.description)
    return GroupCreateResult(name=request.name)
