"""Show a schedule."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._schedules import READ, ScheduleView, schedule_of, schedule_view
from proxmox_mpc.actions._session import Session


class ScheduleGetRequest(Request):
    """Which schedule."""

    name: str = Field(description="The schedule's name.")


@action(permission=READ, route="GET /schedules/{name}", scope="own")
async def schedule_get(session: Session, request: ScheduleGetRequest) -> ScheduleView:
    """Show a schedule, and what it asks for."""
    return schedule_view(session, await schedule_of(session, request.name), request=True)
