"""Show a job."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import JobView, job_in_sight, job_view


class JobGetRequest(Request):
    """Which job."""

    id: str = Field(description="The job's id.")


@action(permission="jobs:read", route="GET /jobs/{id}", scope="own")
async def job_get(session: Session, request: JobGetRequest) -> JobView:
    """Show a job: what it does, how far it is, how it ended."""
    return job_view(await job_in_sight(session, request.id))
