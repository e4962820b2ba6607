"""Delete a user."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_oneself
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import UserName


class UserDeleteRequest(Request):
    """Which user."""

    name: UserName = Field(description="The user's name.")


class UserDeleteResult(Result):
    """Who is gone."""

    name: str


@action(permission="users:write", route="DELETE /users/{name}", scope="server", writes=True)
async def user_delete(session: Session, request: UserDeleteRequest) -> UserDeleteResult:
    """Delete a user with all sessions, tokens and grants; history and audit keep the name."""
    store = await session.store()
    user = await store.users.get(request.name)
    not_oneself(session, user.id)
    must_hold_roles(session, await store.users.held(user.id))
    await store.users.delete(user.id)
    return UserDeleteResult(name=user.name)
