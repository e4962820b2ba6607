"""Show what a job told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import READ, job_in_sight


class JobLogsRequest(Request):
    """Which job, from where on."""

    id: str = Field(description="The job's id.")
    after: int = Field(0, ge=0, description="Only lines after this number.")
    limit: int = Field(500, ge=1, le=5000, description="How many at the most.")


class JobLine(Result):
    """One line, with its number, and what it is about."""

    number: int
    at: datetime
    text: str
    facts: dict[str, Any] = {}


class JobLogsResult(Result):
    """Lines, the oldest first; `after` asks for those that come next. `state` is the job's."""

    id: str
    state: str
    items: list[JobLine]
    after: int


@action(permission=READ, route="GET /jobs/{id}/logs", scope="own")
async def job_logs(session: Session, request: JobLogsRequest) -> JobLogsResult:
    """Show the lines that a job told, the oldest first."""
    # Its state before its lines: those of one that has ended are all there.
    job = await job_in_sight(session, request.id)
    store = await session.store()
    found = await store.messages.read(request.after, rooms=[f"jobs/{job.id}"], type="job.log", limit=request.limit)
    items = [
        JobLine(
            number=message.id,
            at=message.at,
            text=str(message.payload.get("text", "")),
            facts={name: value for name, value in message.payload.items() if name not in ("id", "text")},
        )
        for message in found
    ]
    return JobLogsResult(id=job.id, state=job.state, items=items, after=items[-1].number if items else request.after)
