"""List roles."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import known_permissions
from proxmox_mpc.actions._roles import BUILT_IN
from proxmox_mpc.actions._session import Session


class RoleListRequest(Request):
    """All roles."""


class RoleView(Result):
    """A role and what it permits."""

    name: str
    description: str
    permissions: list[str]
    built_in: bool


class RoleListResult(Result):
    """The built-in roles, those that people made by name, and all permissions that there are."""

    items: list[RoleView]
    permissions: list[str]


@action(permission="roles:read", route="GET /roles", scope="server")
async def role_list(session: Session, request: RoleListRequest) -> RoleListResult:
    """List the roles with what they permit: viewer, operator, admin, and those that people made."""
    built_in = [
        RoleView(name=name, description=text, permissions=list(patterns), built_in=True)
        for name, (text, patterns) in BUILT_IN.items()
    ]
    made = [
        RoleView(name=role.name, description=role.description, permissions=list(role.permissions), built_in=False)
        for role in await (await session.store()).roles.list()
    ]
    return RoleListResult(items=[*built_in, *made], permissions=known_permissions())
