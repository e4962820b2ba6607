"""Wait for a job."""

from __future__ import annotations

import asyncio

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import READ, JobView, job_in_sight, job_view, may_do

LOOK_S = 0.3
"""How often it is looked: a job that takes no time is heard of at once, as people see it."""


class JobWaitRequest(Request):
    """Which job, and how long."""

    id: str = Field(description="The job's id.")
    timeout_s: float = Field(30, ge=0, le=60, description="Seconds after which the job is answered as it is then.")


@action(permission=READ, route="POST /jobs/{id}/wait", scope="own")
async def job_wait(session: Session, request: JobWaitRequest) -> JobView:
    """Wait until a job has ended, or some time has passed; then ask again."""
    loop = asyncio.get_running_loop()
    until = loop.time() + request.timeout_s
    while True:
        job = await job_in_sight(session, request.id)
        if job.has_ended or loop.time() >= until:
            return job_view(job, result=may_do(session, job.action, job.context, job.user_id))
        await asyncio.sleep(LOOK_S)
