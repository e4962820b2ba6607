"""Give a user a new password."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_oneself
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import UserName
from proxmox_mpc.errors import UsageError
from proxmox_mpc.people.first_admin import one_time_secret
from proxmox_mpc.people.passwords import hashed
from proxmox_mpc.store.people_records import LOCAL


class UserPasswordRequest(Request):
    """Whose password."""

    name: UserName = Field(description="The user's name.")


class UserPasswordResult(Result):
    """The secret for the next login, where it must be changed: it is told only here."""

    name: str
    secret: str = Field(repr=False)


@action(permission="users:write", route="POST /users/{name}/password", scope="server", writes=True)
async def user_password(session: Session, request: UserPasswordRequest) -> UserPasswordResult:
    """Put a secret for one login in the place of a user's password; every session of that user ends."""
    store = await session.store()
    user = await store.users.get(request.name)
    not_oneself(session, user.id)
    must_hold_roles(session, await store.users.held(user.id))
    if user.provider != LOCAL:
        raise UsageError(f"the password of {user.name} is kept elsewhere ({user.provider})")
    secret = one_time_secret()
    values = {"password_hash": await hashed(secret), "must_change_password": True}
    await store.users.set(user.id, values, end_sessions=True)
    return UserPasswordResult(name=user.name, secret=secret)
