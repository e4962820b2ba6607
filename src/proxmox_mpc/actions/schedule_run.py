"""Do now what a schedule does."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._ordering import order
from proxmox_mpc.actions._schedules import WRITE, schedulable, schedule_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import JobView, job_view


class ScheduleRunRequest(Request):
    """Which schedule."""

    name: str = Field(description="The schedule's name.")


@action(permission=WRITE, route="POST /schedules/{name}/run", scope="own", status=202, writes=True)
async def schedule_run(session: Session, request: ScheduleRunRequest) -> JobView:
    """Make a job of a schedule now, besides its due times, for whoever asks."""
    schedule = await schedule_of(session, request.name, WRITE)
    found, wanted = await schedulable(session, schedule.action, schedule.request, schedule.context)
    new = order(found, wanted, session.who, schedule.context)
    job = await (await session.store()).jobs.add(replace(new, schedule_id=schedule.id, due_at=session.now()))
    await session.wake("jobs", "messages")
    session.dispatch(job.id)
    return job_view(job)
