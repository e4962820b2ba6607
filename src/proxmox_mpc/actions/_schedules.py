"""Schedules: what they may do, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._action import Action, Request, Result
from proxmox_mpc.actions._gate import admit, not_allowed
from proxmox_mpc.actions._ordering import checked, given_from_outside
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import may_do
from proxmox_mpc.errors import UsageError
from proxmox_mpc.store import RecordMissing, Schedule

if TYPE_CHECKING:
    from proxmox_mpc.store import Store

READ, WRITE = "schedules:read", "schedules:write"
GRACE_S = 600
"""How late a due time is still made up for: a restart, an upgrade."""


class ScheduleView(Result):
    """One schedule. What it asks for is shown to those who may do that themselves."""

    name: str
    id: str
    action: str
    context: str
    cron: str
    interval_s: int
    zone: str
    grace_s: int
    enabled: bool
    actor: str
    next_at: datetime | None
    last_due_at: datetime | None
    last_error: str
    created_at: datetime
    changed_at: datetime
    request: dict[str, Any] | None = None


def schedule_view(session: Session, schedule: Schedule, *, request: bool = False) -> ScheduleView:
    names = [name for name in ScheduleView.model_fields if name != "request"]
    told = request and may_do(session, schedule.action, schedule.context, schedule.user_id)
    return ScheduleView(
        **{name: getattr(schedule, name) for name in names}, request=dict(schedule.request) if told else None
    )


def sees(session: Session, schedule: Schedule, permission: str = READ) -> bool:
    """Whether the actor may see, or change, a schedule: its own, or those of a context that is its to see."""
    who = session.who
    own = bool(who.user_id) and schedule.user_id == who.user_id and who.access.limits is None
    return own or who.access.allows(permission, schedule.context or "*")


async def schedule_of(session: Session, name: str, permission: str = READ) -> Schedule:
    """A schedule that the actor may see. Raises RecordMissing, also for one that is out of sight; NotAllowed."""
    store: Store = await session.store()
    schedule = await store.schedules.get(name)
    if not sees(session, schedule):
        raise RecordMissing(f"there is no schedule {name!r}", hint="proxmox-cli schedule list shows them")
    if not sees(session, schedule, permission):
        raise not_allowed(session, permission, schedule.context)
    return schedule


async def schedulable(
    session: Session, name: str, request: Mapping[str, Any], context: str = ""
) -> tuple[Action[Any, Any], Request]:
    """An action that this actor may schedule, with its request; in the context of the schedule, if it has one.

    What answers a secret is nothing for a schedule: its jobs keep what they answer. Raises NotFoundError,
    InvalidInput, NotAllowed.
    """
    action = session.find_action(name)
    tells_secrets = action.route.startswith("GET ") or any(not f.repr for f in action.result.model_fields.values())
    if not (action.long or action.writes) or action.scope in ("own", "public") or tells_secrets:
        raise UsageError(f"{action.name} is nothing for a schedule", hint="what works on clusters is: backup, apply …")
    wanted = given_from_outside(action, checked(action, request))
    await admit(session, action, wanted, context)
    return action, wanted
