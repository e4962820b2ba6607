"""List sessions."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._gate import not_allowed
from proxmox_mpc.actions._logins import logged_in
from proxmox_mpc.actions._people_views import names_of_users
from proxmox_mpc.actions._session import Session


class SessionListRequest(Request):
    """Whose sessions."""

    all: bool = Field(default=False, description="Those of all users; that needs the permission sessions:read.")


class SessionView(Result):
    """One login that still counts."""

    id: str
    user: str
    client: str
    address: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool


class SessionListResult(Result):
    """Sessions, the newest first."""

    items: list[SessionView]


@action(permission="sessions:read", route="GET /sessions", scope="own")
async def session_list(session: Session, request: SessionListRequest) -> SessionListResult:
    """List where you are logged in, or where all are."""
    if request.all and not session.who.access.allows("sessions:read"):
        raise not_allowed(session, "sessions:read", "*")
    store = await session.store()
    logins = await store.logins.list("" if request.all else logged_in(session.who))
    names = await names_of_users(store)
    shown = [name for name in SessionView.model_fields if name not in ("user", "current")]
    return SessionListResult(
        items=[
            SessionView(
                user=names[login.user_id],
                current=login.id == session.who.login_id,
                **{name: getattr(login, name) for name in shown},
            )
            for login in logins
        ]
    )
