"""List the audit."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import AuditView
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line


class AuditListRequest(Request):
    """Which records."""

    type: Line = Field(default="", description="Only these: write, login or denial.")
    actor: Line = Field(default="", description="Only what this user did.")
    action: Line = Field(default="", description="Only this action.")
    on: Line = Field(default="", description="Only what happened in this context.")
    since: AwareDatetime | None = Field(default=None, description="Not before this time.")
    until: AwareDatetime | None = Field(default=None, description="Before this time.")
    before: int | None = Field(default=None, description="Only before this record.", ge=1, le=2**31 - 1)
    count: int = Field(default=100, description="How many at most.", ge=1, le=1000)


class AuditListResult(Result):
    """Records, the newest first."""

    items: list[AuditView]


@action(permission="audit:read", route="GET /audit", scope="server")
async def audit_list(session: Session, request: AuditListRequest) -> AuditListResult:
    """List what was done, and by whom: writes, logins and denials, the newest first."""
    records = await (await session.store()).audit.list(
        before=request.before,
        limit=request.count,
        type=request.type,
        actor=request.actor,
        action=request.action,
        context=request.on,
        since=request.since,
        until=request.until,
    )
    return AuditListResult(items=[AuditView.of(record) for record in records])
