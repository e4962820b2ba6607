"""Make a role."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._access import Grant
from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import check_patterns, must_hold
from proxmox_mpc.actions._roles import BUILT_IN
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, Name, Pattern


class RoleCreateRequest(Request):
    """A new role."""

    name: Name = Field(description="The role's name.")
    description: Line = Field(default="", description="What it is for.")
    permissions: list[Pattern] = Field(
        description="What it permits: jobs:write, resources:*, *:read.", min_length=1, max_length=200
    )


class RoleCreateResult(Result):
    """The role."""

    name: str


@action(permission="roles:write", route="POST /roles", scope="server", status=201, writes=True)
async def role_create(session: Session, request: RoleCreateRequest) -> RoleCreateResult:
    """Make a role of permissions, none of which you lack yourself."""
    from proxmox_mpc.store import NameTaken, Role

    if request.name in BUILT_IN:
        raise NameTaken(f"{request.name} is a built-in role")
    check_patterns(request.permissions)
    must_hold(session, [Grant(tuple(request.permissions))])
    role = Role(request.name, request.description, tuple(dict.fromkeys(request.permissions)))
    await (await session.store()).roles.create(role)
    return RoleCreateResult(name=request.name)
