"""End a session."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._logins import OnlyByLogin
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.errors import NotFoundError


class SessionUnknown(NotFoundError):
    """There is no such session."""

    code = "session.unknown"
    default_hint = "proxmox-cli session list"


class SessionRevokeRequest(Request):
    """Which session."""

    id: Line = Field(description="The session's id.", min_length=1)


class SessionRevokeResult(Result):
    """The session that ended."""

    id: str


@action(permission="sessions:write", route="DELETE /sessions/{id}", scope="own", writes=True)
async def session_revoke(session: Session, request: SessionRevokeRequest) -> SessionRevokeResult:
    """End a session of yours, or anybody's with the permission sessions:write; its tokens count no more at once."""
    if session.who.token_id:
        raise OnlyByLogin()
    others = session.who.access.allows("sessions:write")
    if not others and not session.who.user_id:
        raise SessionUnknown(f"there is no session {request.id!r}")
    if not await (await session.store()).logins.revoke(request.id, "" if others else session.who.user_id):
        raise SessionUnknown(f"there is no session {request.id!r}")  # the same for one that is somebody else's
    return SessionRevokeResult(id=request.id)
