"""Change a role."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._access import Grant
from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import OwnRights, check_patterns, must_hold
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, Name, Pattern


class RoleSetRequest(Request):
    """What to change; what is not given stays."""

    name: Name = Field(description="The role's name.")
    description: Line | None = Field(default=None, description="What it is for.")
    permissions: list[Pattern] | None = Field(
        default=None, description="What it permits from now on.", min_length=1, max_length=200
    )


class RoleSetResult(Result):
    """The role as it is now."""

    name: str
    permissions: list[str]


@action(permission="roles:write", route="PUT /roles/{name}", scope="server", writes=True)
async def role_set(session: Session, request: RoleSetRequest) -> RoleSetResult:
    """Change a role that people made, for all who hold it. You need what it permits, and cannot hold it yourself."""
    store = await session.store()
    role = await store.roles.get(request.name)
    patterns = tuple(role.permissions if request.permissions is None else dict.fromkeys(request.permissions))
    if request.permissions is not None:
        check_patterns(patterns)
        must_hold(session, [Grant(patterns), Grant(role.permissions)])
        own = await store.users.held(session.who.user_id) if session.who.user_id else ()
        if any(one.role == role.name for one in own):
            raise OwnRights(f"you hold the role {role.name}: nobody changes what they may themselves")
    await store.roles.set(role.name, role.description if request.description is None else request.description, patterns)
    return RoleSetResult(name=role.name, permissions=list(patterns))
