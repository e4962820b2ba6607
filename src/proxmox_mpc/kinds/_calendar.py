"""Calendar events, as PVE takes them for its jobs: `daily`, `sat 03:00`, `mon..fri 22:30`, `*-*-1 04:00`, `*/15`.

An event is `[WEEKDAYS] [[YEARS-]MONTHS-DAYS] [HOURS:]MINUTES`, each part a list of values, ranges (`8..12`) and steps
(`0/15`). What is left out matches always, and the time is midnight where a day is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_WORDS = {
    "minutely": "*:*",
    "hourly": "*:00",
    "daily": "00:00",
    "weekly": "mon 00:00",
    "monthly": "*-*-1 00:00",
    "quarterly": "*-1,4,7,10-1 00:00",
    "semiannually": "*-1,7-1 00:00",
    "semi-annually": "*-1,7-1 00:00",
    "yearly": "*-1-1 00:00",
    "annually": "*-1-1 00:00",
}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = re.compile(r"mon(day)?|tue(sday)?|wed(nesday)?|thu(rsday)?|fri(day)?|sat(urday)?|sun(day)?")
_PIECE = re.compile(r"(\*|\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?")
_YEARS = (1970, 2199)
_HORIZON_DAYS = 8 * 366
"""Further ahead no event comes that ever comes: leap days skip eight years at most."""


@dataclass(frozen=True)
class Schedule:
    """The values that match, by unit."""

    weekdays: frozenset[int]
    years: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    hours: frozenset[int]
    minutes: frozenset[int]

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first time after a moment, by the clocks of a time zone; None where it never comes."""
        local = moment.astimezone(zone)
        for ahead in range(_HORIZON_DAYS):
            day = local.date() + timedelta(days=ahead)
            if day.weekday() in self.weekdays and day.year in self.years and day.month in self.months:
                times = self._times() if day.day in self.days else iter(())
                found = (datetime.combine(day, at, zone).astimezone(UTC) for at in times)
                if (first := next((at for at in found if at > moment), None)) is not None:
                    return first
        return None

    def _times(self) -> Iterator[time]:
        return (time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))


@lru_cache(maxsize=64)  # one per policy
def parse(text: str) -> Schedule:
    """The schedule that a calendar event means. Raises ValueError."""
    parts = _WORDS.get(text.strip().lower(), text).lower().split()
    weekdays = _weekdays(parts.pop(0)) if parts and parts[0][0].isalpha() else frozenset(range(7))
    day = parts.pop(0).split("-") if parts and "-" in parts[0] else []
    clock = parts.pop(0).split(":") if parts else ["0", "0"]
    if parts or not text.strip() or len(day) > 3 or len(clock) > 2:
        raise ValueError(f"{text!r} is no calendar event, such as daily, sat 03:00 or */15")
    years, months, days = ["*"] * (3 - len(day)) + day
    hours, minutes = ["*"] * (2 - len(clock)) + clock
    return Schedule(
        weekdays,
        _values(years, *_YEARS),
        _values(months, 1, 12),
        _values(days, 1, 31),
        _values(hours, 0, 23),
        _values(minutes, 0, 59),
    )


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for piece in text.split(","):
        first, dots, last = piece.partition("..")
        names = (first, last if dots else first)
        if not all(map(_DAY.fullmatch, names)):
            raise ValueError(f"{piece!r} is no day of the week, such as mon or mon..fri")
        start, end = (_WEEKDAYS.index(name[:3]) for name in names)
        if start > end:
            raise ValueError(f"{piece!r} goes backwards")
        found |= set(range(start, end + 1))
    return frozenset(found)


def _values(text: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for piece in text.split(","):
        match = _PIECE.fullmatch(piece)
        if match is None or match[3] == "0":
            raise ValueError(f"{piece!r} is no value, range or step, such as 3, 8..12 or */15")
        start = least if match[1] == "*" else int(match[1])
        end = int(match[2]) if match[2] else most if match[1] == "*" or match[3] else start
        if not least <= start <= end <= most:
            raise ValueError(f"{piece!r} is not between {least} and {most}")
        found |= set(range(start, end + 1, int(match[3] or 1)))
    return frozenset(found)
