"""List schedules."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._schedules import READ, ScheduleView, schedule_view, sees
from proxmox_mpc.actions._session import Session


class ScheduleListRequest(Request):
    """All that one may see."""


class ScheduleListResult(Result):
    """Schedules by name."""

    items: list[ScheduleView]


@action(permission=READ, route="GET /schedules", scope="own")
async def schedule_list(session: Session, request: ScheduleListRequest) -> ScheduleListResult:
    """List schedules by name, and when they are due next."""
    found = await (await session.store()).schedules.list()
    return ScheduleListResult(items=[schedule_view(session, one) for one in found if sees(session, one)])
