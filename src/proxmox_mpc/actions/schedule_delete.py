"""Delete a schedule."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._schedules import WRITE, schedule_of
from proxmox_mpc.actions._session import Session


class ScheduleDeleteRequest(Request):
    """Which schedule."""

    name: str = Field(description="The schedule's name.")


class ScheduleDeleteResult(Result):
    """Which one is gone."""

    name: str


@action(permission=WRITE, route="DELETE /schedules/{name}", scope="own", writes=True)
async def schedule_delete(session: Session, request: ScheduleDeleteRequest) -> ScheduleDeleteResult:
    """Delete a schedule; the jobs that it made stay."""
    schedule = await schedule_of(session, request.name, WRITE)
    await (await session.store()).schedules.delete(schedule.name)
    await session.wake("schedules")
    return ScheduleDeleteResult(name=schedule.name)
