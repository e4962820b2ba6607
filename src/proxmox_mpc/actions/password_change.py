"""Change one's own password."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._logins import LoginResult, begin_login, by_login
from proxmox_mpc.actions._proving import prove
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.errors import UsageError
from proxmox_mpc.people.errors import PasswordWeak
from proxmox_mpc.people.passwords import LONGEST, check_new, hashed
from proxmox_mpc.store.people_records import LOCAL


class PasswordChangeRequest(Request):
    """The old password and the new one."""

    current_password: str = Field(description="The password until now.", repr=False, max_length=LONGEST)
    new_password: str = Field(description="The password from now on.", repr=False, max_length=LONGEST)
    client: Line = Field(default="", description="What asks, for the list of sessions.")


@action(permission="sessions:write", route="POST /auth/password", scope="own", writes=True)
async def password_change(session: Session, request: PasswordChangeRequest) -> LoginResult:
    """Change your own password; every other login of yours ends, this one goes on with new tokens."""
    user_id, store = by_login(session.who), await session.store()
    user = await store.users.by_id(user_id)
    if user is None or user.provider != LOCAL:
        raise UsageError("this password is not kept here", hint="change it where it is kept")
    check_new(request.new_password, user.name)
    if request.new_password == request.current_password:
        raise PasswordWeak("the new password is the old one")
    await prove(session, user.name, request.current_password)
    values = {"password_hash": await hashed(request.new_password), "must_change_password": False}
    changed = await store.users.set(user.id, values, end_sessions=True)
    return await begin_login(session, changed, request.client)
