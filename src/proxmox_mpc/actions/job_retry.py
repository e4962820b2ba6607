"""Do a job again."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._gate import not_allowed
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._ways_back import ReleaseFailed
from proxmox_mpc.actions._work import WRITE, JobView, job_in_sight, job_view, may_do
from proxmox_mpc.errors import RefusedError


class JobRetryRequest(Request):
    """Which job."""

    id: str = Field(description="The job's id.")


class JobNotFailed(RefusedError):
    """Only a job that failed or was cancelled can be done again."""

    code = "job.not-failed"


@action(permission=WRITE, route="POST /jobs/{id}/retry", scope="own", writes=True)
async def job_retry(session: Session, request: JobRetryRequest) -> JobView:
    """Let a job that failed or was cancelled go on from where it was left, for the one who asked for it."""
    job = await job_in_sight(session, request.id, WRITE)
    if not may_do(session, job.action, job.context, job.user_id):
        raise not_allowed(session, session.find_action(job.action).permission, job.context, job.namespace)
    if job.state not in ("failed", "cancelled"):
        raise JobNotFailed(f"job {job.id} is {job.state}", hint="one that failed or was cancelled can be done again")
    if (job.error or {}).get("code") == ReleaseFailed.code:
        hint = "what was before is there: install or upgrade again"
        raise JobNotFailed(f"job {job.id} ended, and was taken back; there is nothing to go on with", hint=hint)
    again = await (await session.store()).jobs.retry(job.id)
    await session.wake("jobs", "messages")
    session.dispatch(job.id)
    return job_view(again)
