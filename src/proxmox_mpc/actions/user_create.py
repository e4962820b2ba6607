"""Make a user."""

from __future__ import annotations

import secrets

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import UserView
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, UserName
from proxmox_mpc.people.first_admin import one_time_secret
from proxmox_mpc.people.passwords import LONGEST, check_new, hashed


class UserCreateRequest(Request):
    """A new user."""

    name: UserName = Field(description="Name to log in with: small letters, digits, . _ @ + -")
    display_name: Line = Field(default="", description="How the user is called.")
    email: Line = Field(default="", description="The user's e-mail address.")
    password: str = Field(
        default="",
        description="A password that must be changed at the first login; without one, a secret is made.",
        repr=False,
        max_length=LONGEST,
    )


class UserCreateResult(Result):
    """The user, and the secret that was made for the first login: it is told only here."""

    user: UserView
    secret: str = Field(repr=False)


@action(permission="users:write", route="POST /users", scope="server", status=201, writes=True)
async def user_create(session: Session, request: UserCreateRequest) -> UserCreateResult:
    """Make a user, who may do nothing until something is granted."""
    from proxmox_mpc.store import User

    secret = "" if request.password else one_time_secret()
    if request.password:
        check_new(request.password, request.name)
    user = User(
        secrets.token_hex(6),
        request.name,
        session.now(),
        await hashed(request.password or secret),
        must_change_password=True,
        display_name=request.display_name,
        email=request.email,
    )
    await (await session.store()).users.create(user)
    return UserCreateResult(user=UserView.of(user), secret=secret)
