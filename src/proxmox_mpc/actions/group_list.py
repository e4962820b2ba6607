"""List groups."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class GroupListRequest(Request):
    """All groups."""


class GroupView(Result):
    """A group, and its members with who says so: `manual`, or a login provider."""

    name: str
    description: str
    members: dict[str, str]


class GroupListResult(Result):
    """Groups, by name."""

    items: list[GroupView]


@action(permission="groups:read", route="GET /groups", scope="server")
async def group_list(session: Session, request: GroupListRequest) -> GroupListResult:
    """List the groups by name, with their members."""
    groups = await (await session.store()).groups.list()
    views = [GroupView(name=one.name, description=one.description, members=dict(one.members)) for one in groups]
    return GroupListResult(items=views)
