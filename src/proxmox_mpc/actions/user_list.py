"""List users."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import UserView
from proxmox_mpc.actions._session import Session


class UserListRequest(Request):
    """All users."""


class UserListResult(Result):
    """Users, by name."""

    items: list[UserView]


@action(permission="users:read", route="GET /users", scope="server")
async def user_list(session: Session, request: UserListRequest) -> UserListResult:
    """List the users by name."""
    return UserListResult(items=[UserView.of(user) for user in await (await session.store()).users.list()])
