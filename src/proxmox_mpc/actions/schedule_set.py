"""Change a schedule."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._ordering import limits_of
from proxmox_mpc.actions._schedules import WRITE, ScheduleView, schedulable, schedule_of, schedule_view
from proxmox_mpc.actions._session import Session


class ScheduleSetRequest(Request):
    """Which schedule, and what becomes of it; what is not given stays."""

    name: str = Field(description="The schedule's name.")
    request: dict[str, Any] | None = Field(
        None, description="What is asked for, as the action's own request.", repr=False
    )
    cron: str | None = Field(None, max_length=200, description="Another cron line; it takes the interval's place.")
    interval_s: int | None = Field(None, ge=0, description="Each so many seconds; it takes the cron line's place.")
    zone: str | None = Field(None, max_length=64, description="Another time zone.")
    grace_s: int | None = Field(None, ge=0, le=86400, description="How late a missed time is still made up for.")
    enabled: bool | None = Field(None, description="Whether it makes jobs.")


@action(permission=WRITE, route="PUT /schedules/{name}", scope="own", writes=True)
async def schedule_set(session: Session, request: ScheduleSetRequest) -> ScheduleView:
    """Change a schedule, switch it on or off: from then on it is done with the rights of who changed it."""
    from proxmox_mpc.jobs.times import check

    old = await schedule_of(session, request.name, WRITE)
    values: dict[str, Any] = {
        name: value
        for name in ("cron", "interval_s", "zone", "grace_s", "enabled")
        if (value := getattr(request, name)) is not None
    }
    if request.cron:
        values.setdefault("interval_s", 0)
    if request.interval_s:
        values.setdefault("cron", "")
    if request.enabled is not False or len(values) > 1 or request.request is not None:
        # Only to switch it off needs no right to do what it does.
        wanted = request.request if request.request is not None else old.request
        await schedulable(session, old.action, wanted, old.context)
        values |= {"actor": session.actor, "user_id": session.who.user_id, "limits": limits_of(session.who)}
    times = {name: values.get(name, getattr(old, name)) for name in ("cron", "interval_s", "zone")}
    moved = any(times[name] != getattr(old, name) for name in times)
    if moved or (request.enabled and not old.enabled):
        values["next_at"] = check(times["cron"], times["interval_s"], times["zone"], session.now())
    changed = await (await session.store()).schedules.change(
        old.name, request=request.request, seen_at=old.changed_at, **values
    )
    await session.wake("schedules")
    return schedule_view(session, changed, request=True)
