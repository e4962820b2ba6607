"""Follow a job: what it tells, from any number on, until it ends."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import JobView, job_in_sight, job_view, may_do

LOOK_S = 1.0
"""How long something new stays unseen at the most, where no wake-up comes."""
LONGEST_S = 30.0
"""How long an answer is held back at the most: proxies between give up after a minute."""


class JobFollowRequest(Request):
    """Which job, from where, and how long to wait for something new."""

    id: str = Field(description="The job's id.")
    after: int = Field(0, ge=0, description="The number of the last message that was seen.")
    wait_s: float = Field(0, ge=0, le=LONGEST_S, description="Seconds to wait while there is nothing new.")


class JobMessageView(Result):
    """Something that a job told."""

    id: int
    type: str
    payload: dict[str, Any]


class JobFollowResult(Result):
    """What is new, the job as it stands, and its result once it has succeeded."""

    items: list[JobMessageView]
    job: JobView
    result: dict[str, Any] | None = None


@action(permission="jobs:read", route="GET /jobs/{id}/follow", scope="own")
async def job_follow(session: Session, request: JobFollowRequest) -> JobFollowResult:
    """Follow a job: its new messages, or none where nothing came in time; and its result once it has ended well."""
    store, loop, room = await session.store(), asyncio.get_running_loop(), f"jobs/{request.id}"
    until = loop.time() + request.wait_s
    job = await job_in_sight(session, request.id)
    while not job.has_ended and (left := until - loop.time()) > 0:
        heard = session.listen("messages")
        if await store.messages.read(request.after, rooms=[room], limit=1):
            break  # whatever becomes of a job is told in its room
        await heard(min(left, LOOK_S))
    # First the job, then its messages: so an end is never told before what came before it.
    job = await job_in_sight(session, request.id)
    found = await store.messages.read(request.after, rooms=[room])
    shown = job.state == "succeeded" and may_do(session, job.action, job.context, job.user_id)
    return JobFollowResult(
        items=[JobMessageView(id=one.id, type=one.type, payload=dict(one.payload)) for one in found],
        job=job_view(job),
        result=dict(job.result) if shown and job.result is not None else None,
    )
