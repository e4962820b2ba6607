"""Export the audit."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import AuditView
from proxmox_mpc.actions._session import Session


class AuditExportRequest(Request):
    """A page of the chain."""

    after: int = Field(default=0, description="Only behind this record.", ge=0, le=2**31 - 1)
    count: int = Field(default=1000, description="How many at most.", ge=1, le=1000)


class AuditExportResult(Result):
    """Records, the oldest first; the next page is behind `last`, and there is none where that is empty."""

    items: list[AuditView]
    last: int | None


@action(permission="audit:read", route="GET /audit/export", scope="server")
async def audit_export(session: Session, request: AuditExportRequest) -> AuditExportResult:
    """Export the audit with its hashes, page by page, the oldest first."""
    records = await (await session.store()).audit.after(request.after, request.count)
    last = records[-1].seq if len(records) == request.count else None
    return AuditExportResult(items=[AuditView.of(record) for record in records], last=last)
