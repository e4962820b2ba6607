"""When a schedule is due next: by a cron line in a time zone, or each so many seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.store import Schedule

SHORTEST_S = 10
"""The shortest interval: what is wanted more often is no job, but a loop."""
LONGEST_S = 366 * 86400


class BadSchedule(InvalidInput):
    """The schedule's times do not make sense."""

    code = "schedule.invalid"


def check(cron: str, interval_s: int, zone: str, now: datetime) -> datetime:
    """The first time after now. Raises BadSchedule for what never comes, or makes no sense."""
    if bool(cron) == bool(interval_s):
        raise BadSchedule("a schedule has either a cron line or an interval", hint="--cron '0 3 * * *', or --every 1h")
    if interval_s and not SHORTEST_S <= interval_s <= LONGEST_S:
        raise BadSchedule(f"an interval of {interval_s} s", hint=f"it is between {SHORTEST_S} s and a year")
    first = next_time(cron, interval_s, zone, now)
    if first is None:
        raise BadSchedule(f"the cron line {cron!r} never comes", hint="is there such a day? 0 3 30 2 * is none")
    return first


def next_time(cron: str, interval_s: int, zone: str, after: datetime) -> datetime | None:
    """The first time after another; None where there is none. Raises BadSchedule.

    Where the clocks go forward, what was due in the hour that is left out comes right after it. Where they go back,
    what is due at a certain hour comes once, and what is due each hour or minute goes on.
    """
    if interval_s:
        return after + timedelta(seconds=interval_s)
    try:
        here = after.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(f"there is no time zone {zone!r}", hint="an IANA name: Europe/Berlin, UTC") from None
    try:
        return next(CronSim(cron, here)).astimezone(UTC)
    except CronSimError as error:
        hint = "minute hour day month weekday: 0 3 * * * is each night at three"
        raise BadSchedule(f"the cron line {cron!r}: {error}", hint=hint) from None
    except (StopIteration, OverflowError):
        return None


def following(schedule: Schedule, after: datetime) -> datetime | None:
    """The first time of a schedule after one that was due."""
    return next_time(schedule.cron, schedule.interval_s, schedule.zone, after)


def within_grace(schedule: Schedule, now: datetime) -> datetime | None:
    """The first of the due times that are not too late to be made up for; None where no time comes any more."""
    assert schedule.next_at is not None
    since = now - timedelta(seconds=schedule.grace_s)
    if schedule.next_at >= since:
        return schedule.next_at
    if schedule.interval_s:
        passed = (since - schedule.next_at) // timedelta(seconds=schedule.interval_s)
        at = schedule.next_at + passed * timedelta(seconds=schedule.interval_s)
        return at if at >= since else following(schedule, at)
    return following(schedule, since - timedelta(microseconds=1))
