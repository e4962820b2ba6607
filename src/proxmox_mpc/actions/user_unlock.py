"""Let a user try again."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import UserName
from proxmox_mpc.people import limits


class UserUnlockRequest(Request):
    """Which user."""

    name: UserName = Field(description="The user's name.")


class UserUnlockResult(Result):
    """Who may try again."""

    name: str


@action(permission="users:write", route="POST /users/{name}/unlock", scope="server", writes=True)
async def user_unlock(session: Session, request: UserUnlockRequest) -> UserUnlockResult:
    """Forget a user's failed logins, so that the next one need not wait."""
    store = await session.store()
    user = await store.users.get(request.name)
    must_hold_roles(session, await store.users.held(user.id))
    await store.attempts.forgive(limits.of_name(user.name))
    return UserUnlockResult(name=user.name)
