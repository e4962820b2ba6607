"""List jobs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import READ, JobView, job_view, sight


class JobListRequest(Request):
    """Which jobs."""

    state: Literal["", "queued", "running", "succeeded", "failed", "cancelled"] = Field("", description="Only in this.")
    action: str = Field("", description="Only of this action.")
    subject: str = Field("", description="Only those that work on this, such as: application web.")
    actor: str = Field("", description="Only for this user.")
    on_context: str = Field("", description="Only on this context.")
    schedule_id: str = Field("", description="Only of the schedule of this id.")
    before: str = Field("", description="Only older ones: the last id of the page before.")
    limit: int = Field(50, ge=1, le=1000, description="How many at the most.")


class JobListResult(Result):
    """Jobs, the newest first; `before` asks for the next page, and is empty on the last one."""

    items: list[JobView]
    before: str = ""


@action(permission=READ, route="GET /jobs", scope="own")
async def job_list(session: Session, request: JobListRequest) -> JobListResult:
    """List jobs, the newest first: one's own, and those that one may see."""
    store, sees = await session.store(), sight(session, READ)
    items: list[JobView] = []
    before = request.before
    while True:
        page = await store.jobs.list(
            states=[request.state] if request.state else (),
            action=request.action,
            subject=request.subject,
            actor=request.actor,
            context=request.on_context,
            schedule_id=request.schedule_id,
            before=before,
            limit=request.limit,
        )
        for job in page:
            before = job.id
            if await sees(job):
                items.append(job_view(job))
            if len(items) == request.limit:
                return JobListResult(items=items, before=before)
        if len(page) < request.limit:
            return JobListResult(items=items)
