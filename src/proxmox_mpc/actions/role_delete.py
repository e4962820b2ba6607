"""Delete a role."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name


class RoleDeleteRequest(Request):
    """Which role."""

    name: Name = Field(description="The role's name.")


class RoleDeleteResult(Result):
    """The role that is gone."""

    name: str


@action(permission="roles:write", route="DELETE /roles/{name}", scope="server", writes=True)
async def role_delete(session: Session, request: RoleDeleteRequest) -> RoleDeleteResult:
    """Delete a role that people made and nobody holds."""
    store = await session.store()
    await store.roles.get(request.name)
    await store.roles.delete(request.name)
    return RoleDeleteResult(name=request.name)
