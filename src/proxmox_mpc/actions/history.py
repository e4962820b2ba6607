"""Show an application's revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import visible_applications
from proxmox_mpc.errors import NotFoundError


class HistoryRequest(Request):
    """Which application."""

    application: str = Field(description="The application's name.")
    revision: int | None = Field(None, description="Only this revision.")


class RevisionView(Result):
    """One revision: who made it, when, from what, and how it ended."""

    number: int
    created_at: datetime
    actor: str
    status: str
    source: str
    note: str
    chart: str = ""
    changes: int
    plan: dict[str, Any]
    result: dict[str, Any]


class HistoryResult(Result):
    """Revisions, oldest first."""

    application: str
    items: list[RevisionView]


@action(
    permission="resources:read",
    route="GET /applications/{application}/revisions",
    scope="namespace",
    turn="application",
)
async def history(session: Session, request: HistoryRequest) -> HistoryResult:
    """Show an application's revisions, oldest first."""
    context = await session.context()
    store = await session.store()
    revisions = await store.applications.history(context.name, request.application)
    if not revisions:
        in_sight = await visible_applications(session)
        known = sorted(app.name for app in await store.applications.list(context.name) if in_sight(app.name))
        hint = f"applications here: {', '.join(known)}" if known else "nothing was applied on this context yet"
        raise NotFoundError(f"there is no application {request.application!r}", hint=hint)
    charts = {one.number: one.label for one in await store.releases.list(context.name, request.application)}
    items = [
        RevisionView(
            number=r.number,
            created_at=r.created_at,
            actor=r.actor,
            status=r.status,
            source=r.source,
            note=r.note,
            chart=charts.get(r.number, ""),
            changes=len(r.plan.get("steps", [])),
            plan=r.plan,
            result=r.result,
        )
        for r in revisions
        if request.revision in (None, r.number)
    ]
    if not items:
        raise NotFoundError(f"application {request.application!r} has no revision {request.revision}")
    return HistoryResult(application=request.application, items=items)
