"""Log out."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._logins import by_login
from proxmox_mpc.actions._session import Session


class LogoutRequest(Request):
    """This login."""


class LogoutResult(Result):
    """Who logged out."""

    user: str


@action(permission="sessions:write", route="POST /auth/logout", scope="own", writes=True)
async def logout(session: Session, request: LogoutRequest) -> LogoutResult:
    """End this login; its tokens count no more at once."""
    user_id = by_login(session.who)
    await (await session.store()).logins.revoke(session.who.login_id, user_id)
    return LogoutResult(user=session.who.name)
