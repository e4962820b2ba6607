"""Go on with a login."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._logins import LoginResult, record_login
from proxmox_mpc.actions._session import Session
from proxmox_mpc.people.errors import JustRefreshed, LoginReplayed, NotLoggedIn


class RefreshRequest(Request):
    """The refresh token."""

    refresh_token: str = Field(description="The refresh token that came last.", repr=False, max_length=4096)


@action(permission="sessions:write", route="POST /auth/refresh", scope="public")
async def refresh(session: Session, request: RefreshRequest) -> LoginResult:
    """Go on with a login by its refresh token, which works once: new tokens come back.

    One that comes a second time ends the login, for two have it.
    """
    from proxmox_mpc.people.session_tokens import LOGIN_LASTS, REFRESH_LASTS, Claims
    from proxmox_mpc.store.logins import AT_ONCE

    store, tokens = await session.store(), session.session_tokens()
    login_id, presented = tokens.read_refresh(request.refresh_token)
    following, kept = tokens.refresh(login_id)
    outcome, login = await store.logins.refresh(
        login_id, presented, kept, lasts=REFRESH_LASTS, at_most=LOGIN_LASTS, address=session.who.address
    )
    if outcome == "just-refreshed":
        raise JustRefreshed(seconds=AT_ONCE.total_seconds(), hint="use the tokens that the other request was given")
    user = await store.users.by_id(login.user_id) if login is not None else None
    if outcome == "replayed":
        await record_login(session, user.name if user is not None else "", LoginReplayed.code, "refresh")
        raise LoginReplayed()
    if login is None or user is None:
        raise NotLoggedIn()
    return LoginResult(
        user=user.name,
        access_token=tokens.access(Claims(user.id, login.id, login.user_version), session.now()),
        expires_in_s=int(tokens.lasts.total_seconds()),
        refresh_token=following,
        refresh_expires_at=login.expires_at,
        must_change_password=user.must_change_password,
    )
