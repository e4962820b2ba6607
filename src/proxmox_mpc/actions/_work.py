"""What actions on jobs share: a job as it is shown, and who may see it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError

if TYPE_CHECKING:
    from proxmox_mpc.store import Job


class JobMissing(NotFoundError):
    """There is no such job."""

    code = "job.unknown"


class JobView(Result):
    """A job: what it does, for whom, how far it is, and how it ended. `error` is a problem as REST tells it."""

    id: str
    action: str
    subject: str
    actor: str
    context: str
    namespace: str
    state: str
    attempt: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    deadline_at: datetime | None = None
    cancel_requested: bool = False
    progress: dict[str, Any] = {}
    error: dict[str, Any] | None = None
    worker: str = ""
    schedule_id: str | None = None
    due_at: datetime | None = None
    correlation: str = ""


def job_view(job: Job) -> JobView:
    facts = {name: getattr(job, name) for name in JobView.model_fields}
    facts |= {"progress": dict(job.progress), "error": dict(job.error) if job.error else None}
    return JobView(**facts)


def may_see(session: Session, job: Job) -> bool:
    """Whether the actor may see a job: his own, and those where he holds `jobs:read`."""
    who = session.who
    if who.user_id and who.user_id == job.user_id and who.access.limits is None:
        return True
    return who.access.allows("jobs:read", job.context or "*", job.namespace or "*")


async def job_in_sight(session: Session, id: str) -> Job:
    """A job that the actor may see. Raises JobMissing also for one that he may not."""
    try:
        job = await (await session.store()).jobs.get(id)
    except NotFoundError:
        raise JobMissing(f"there is no job {id!r}", hint="proxmox-cli job list") from None
    if not may_see(session, job):
        raise JobMissing(f"there is no job {id!r}", hint="proxmox-cli job list")
    return job
