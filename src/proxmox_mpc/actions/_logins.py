"""What every way to log in ends with: a session, its tokens, and a record in the audit."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._gate import AuditEntry
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import MpcError
from proxmox_mpc.people.errors import NotLoggedIn
from proxmox_mpc.telemetry import metrics

if TYPE_CHECKING:
    from proxmox_mpc.store import User


class LoginResult(Result):
    """The tokens of a login: send the access token with requests, the refresh token to go on when it expires."""

    user: str
    access_token: str = Field(repr=False)
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in_s: int
    refresh_token: str = Field(repr=False)
    refresh_expires_at: datetime
    must_change_password: bool


async def begin_login(session: Session, user: User, client: str) -> LoginResult:
    """Log a user in who has proved who they are."""
    from proxmox_mpc.people.session_tokens import REFRESH_LASTS, Claims

    store, now, tokens = await session.store(), session.now(), session.session_tokens()
    login_id, expires_at = secrets.token_hex(12), now + REFRESH_LASTS
    refresh_token, kept = tokens.refresh(login_id)
    await store.logins.begin(login_id, user, kept, expires_at, client=client, address=session.who.address)
    await store.users.logged_in(user.id, now)
    return LoginResult(
        user=user.name,
        access_token=tokens.access(Claims(user.id, login_id, user.version), now),
        expires_in_s=int(tokens.lasts.total_seconds()),
        refresh_token=refresh_token,
        refresh_expires_at=expires_at,
        must_change_password=user.must_change_password,
    )


async def record_login(session: Session, name: str, outcome: str, action: str = "login", *, provider: str = "") -> None:
    """Write down that somebody came in, or did not."""
    metrics.LOGINS.add(outcome=outcome)
    who = replace(session.who, name=name or session.who.name)
    detail = {"provider": provider} if provider else {}
    await session.record(AuditEntry("login", who, action, "", name, outcome, detail))


def logged_in(who: Who) -> str:
    """The id of the user who acts. Raises NotLoggedIn where nobody has logged in."""
    if not who.user_id:
        raise NotLoggedIn("this is for whoever is logged in to a server", hint="proxmox-cli login URL")
    return who.user_id


class OnlyByLogin(MpcError):
    """This is not for tokens: log in with the password."""

    code = "auth.only-by-login"
    exit_code = 4
    http_status = 403


def by_login(who: Who) -> str:
    """As `logged_in`, and not by a personal token: one that leaked must not make others, nor keep its owner out."""
    user_id = logged_in(who)
    if who.token_id:
        raise OnlyByLogin()
    return user_id
