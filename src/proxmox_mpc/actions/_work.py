"""Who sees and changes which job: one's own always; others' where the permission holds for all that they work on."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._gate import not_allowed, only_shown
from proxmox_mpc.actions._ordering import limits_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.store import Job
from proxmox_mpc.store.jobs import APPLICATION

READ, WRITE = "jobs:read", "jobs:write"
Sees = Callable[[Job], Awaitable[bool]]


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
    max_attempts: int
    created_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deadline_at: datetime | None
    cancel_requested: bool
    worker: str
    progress: dict[str, Any]
    error: dict[str, Any] | None
    correlation: str
    schedule_id: str | None
    due_at: datetime | None
    preview: bool = Field(False, description="It only showed what would be done.")
    result: dict[str, Any] | None = None


def job_view(job: Job, *, result: bool = False) -> JobView:
    """A job as it is shown; its result only where that is asked for and allowed."""
    names = [name for name in JobView.model_fields if name not in ("preview", "result")]
    facts = {name: getattr(job, name) for name in names}
    told = dict(job.result) if result and job.result is not None else None
    preview = job.result is not None and only_shown(job.request.get("agreed", ""), job.result)
    return JobView(**facts, preview=preview, result=told)


def is_own(session: Session, job: Job) -> bool:
    """Whether a job is done for the one who asks. A narrowed token owns what was asked for with the same limits."""
    who = session.who
    return bool(who.user_id) and job.user_id == who.user_id and (not (own := limits_of(who)) or job.limits == own)


def sight(session: Session, permission: str) -> Sees:
    """Whether the actor may see, or change, a job."""
    access = session.who.access
    spaces: dict[tuple[str, str], builtins.set[str]] = {}

    async def sees(job: Job) -> bool:
        if is_own(session, job) or access.is_unlimited:
            return True
        if access.allows(permission, job.context or "*", job.namespace or "*"):
            return True
        if not job.subject.startswith(APPLICATION) or not access.allows_somewhere(permission, job.context):
            return False
        this = (job.context, job.subject.removeprefix(APPLICATION))
        if this not in spaces:
            owned = await (await session.store()).resources.list(*this)
            spaces[this] = {one.namespace for one in owned}
        return bool(spaces[this]) and all(
            access.allows(permission, job.context, space or "*") for space in spaces[this]
        )

    return sees


async def job_in_sight(session: Session, id: str, permission: str = READ) -> Job:
    """A job that the actor may see. Raises JobMissing, also for one that is out of sight; NotAllowed."""
    hint = "proxmox-cli job list shows them"
    try:
        job = await (await session.store()).jobs.get(id)
    except NotFoundError:
        raise JobMissing(f"there is no job {id!r}", hint=hint) from None
    if not await sight(session, READ)(job):
        raise JobMissing(f"there is no job {id!r}", hint=hint)
    if permission != READ and not await sight(session, permission)(job):
        raise not_allowed(session, permission, job.context, job.namespace)
    return job


def may_do(session: Session, action: str, context: str, user_id: str) -> bool:
    """Whether the actor may have what an action of somebody answers or asks for: its own, or what it may do itself."""
    access = session.who.access
    if access.is_unlimited or (user_id and user_id == session.who.user_id and access.limits is None):
        return True
    try:
        permission = session.find_action(action).permission
    except MpcError:
        return False
    return access.allows(permission, context or "*")
