"""Change a user."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_oneself
from proxmox_mpc.actions._people_views import UserView
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line, UserName


class UserSetRequest(Request):
    """What to change; what is not given stays."""

    name: UserName = Field(description="The user's name.")
    display_name: Line | None = Field(default=None, description="How the user is called.")
    email: Line | None = Field(default=None, description="The user's e-mail address.")
    disabled: bool | None = Field(default=None, description="Whether the user may not log in; it ends every session.")


class UserSetResult(Result):
    """The user as it is now."""

    user: UserView


@action(permission="users:write", route="PUT /users/{name}", scope="server", writes=True)
async def user_set(session: Session, request: UserSetRequest) -> UserSetResult:
    """Change what is known of a user, or keep the user out; sessions and tokens stop at once."""
    store = await session.store()
    user = await store.users.get(request.name)
    must_hold_roles(session, await store.users.held(user.id))
    given = request.model_dump(exclude={"name"}, exclude_none=True)
    if "disabled" in given:
        not_oneself(session, user.id)
    changed = await store.users.set(user.id, given, end_sessions=bool(request.disabled)) if given else user
    return UserSetResult(user=UserView.of(changed))
