"""Show a job."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import READ, JobView, job_in_sight, job_view, may_do


class JobGetRequest(Request):
    """Which job."""

    id: str = Field(description="The job's id.")


@action(permission=READ, route="GET /jobs/{id}", scope="own")
async def job_get(session: Session, request: JobGetRequest) -> JobView:
    """Show a job, and what came of it."""
    job = await job_in_sight(session, request.id)
    return job_view(job, result=may_do(session, job.action, job.context, job.user_id))
