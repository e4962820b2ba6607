"""Cancel a job."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import WRITE, JobView, job_in_sight, job_view
from proxmox_mpc.errors import RefusedError


class JobCancelRequest(Request):
    """Which job."""

    id: str = Field(description="The job's id.")


class JobEnded(RefusedError):
    """The job has ended already."""

    code = "job.ended"


@action(permission=WRITE, route="POST /jobs/{id}/cancel", scope="own", writes=True)
async def job_cancel(session: Session, request: JobCancelRequest) -> JobView:
    """Cancel a job: one that waits ends at once, one that runs stops once the cluster has done what it is at."""
    job = await job_in_sight(session, request.id, WRITE)
    if job.has_ended:
        raise JobEnded(f"job {job.id} has ended already: {job.state}")
    cancelled = await (await session.store()).jobs.cancel(job.id)
    await session.wake("jobs", "messages")
    return job_view(cancelled)
