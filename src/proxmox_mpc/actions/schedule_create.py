"""Make a schedule."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._ordering import limits_of
from proxmox_mpc.actions._schedules import (
    GRACE_S,
    WRITE,
    ScheduleView,
    schedulable,
    schedule_view,
)
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name


class ScheduleCreateRequest(Request):
    """What is done, and when."""

    name: Name = Field(description="The schedule's name.")
    action: str = Field(description="What is done, as its verb is called: backup, snapshot-rotate, apply.")
    request: dict[str, Any] = Field({}, description="What is asked for, as the action's own request.", repr=False)
    cron: str = Field(
        "", max_length=200, description="Minute, hour, day, month, weekday: 0 3 * * * is nightly at three."
    )
    interval_s: int = Field(0, ge=0, description="Instead of a cron line: each so many seconds.")
    zone: str = Field("UTC", max_length=64, description="Time zone of the cron line: Europe/Berlin.")
    grace_s: int = Field(
        GRACE_S, ge=0, le=86400, description="How late a missed time is still made up for, in seconds."
    )
    enabled: bool = Field(True, description="Whether it makes jobs.")


@action(permission=WRITE, route="POST /schedules", scope="namespace", status=201, writes=True)
async def schedule_create(session: Session, request: ScheduleCreateRequest) -> ScheduleView:
    """Let an action be done again and again, with the rights that its maker has each time."""
    from proxmox_mpc.jobs.times import check  # cron lines are read by who has some

    found, wanted = await schedulable(session, request.action, request.request)
    first = check(request.cron, request.interval_s, request.zone, session.now())
    made = await (await session.store()).schedules.add(
        request.name,
        action=found.name,
        request=wanted.model_dump(mode="json", exclude_unset=True),
        actor=session.actor,
        user_id=session.who.user_id,
        limits=limits_of(session.who),
        context=(await session.context()).name,
        cron=request.cron,
        interval_s=request.interval_s,
        zone=request.zone,
        grace_s=request.grace_s,
        enabled=request.enabled,
        next_at=first,
        last_due_at=None,
    )
    await session.wake("schedules")
    return schedule_view(session, made, request=True)
