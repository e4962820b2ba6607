"""Show a user."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import RoleGrantView, UserView
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import UserName
from proxmox_mpc.people import limits


class UserGetRequest(Request):
    """Which user."""

    name: UserName = Field(description="The user's name.")


class UserGetResult(Result):
    """A user with groups and grants; `locked_s` is how long logins from new addresses still have to wait."""

    user: UserView
    groups: list[str]
    grants: list[RoleGrantView]
    locked_s: int


@action(permission="users:read", route="GET /users/{name}", scope="server")
async def user_get(session: Session, request: UserGetRequest) -> UserGetResult:
    """Show a user: groups, what was granted, and whether too many logins failed."""
    store = await session.store()
    user = await store.users.get(request.name)
    return UserGetResult(
        user=UserView.of(user),
        groups=await store.groups.of_user(user.id),
        grants=[RoleGrantView.of(grant, {user.id: user.name}) for grant in await store.users.held(user.id)],
        locked_s=int(await store.attempts.wait_s(limits.of_name(user.name), limits.BY_NAME)),
    )
