"""Calendar events: PVE's schedules such as `daily`, `mon..fri 22:30` or `*/15`, and when they come next.

The grammar is that of Proxmox's documentation: `[WEEKDAYS] [[YEARS-]MONTHS-DAYS] [HOURS:]MINUTES[:SECONDS]`, each part
a list of values, ranges (`8..12`) and steps (`0/15`). Everything is in UTC, the simulated nodes' time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A day's name may be cut short, but not further than this.
_SHORTEST_DAY = 3
_NAMED = {
    "minutely": "*:*:00",
    "hourly": "*:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
}
# Further ahead nobody plans; an event without an occurrence (31 February) ends the search here.
_HORIZON_DAYS = 366 * 8

# No number has more digits than a year.
_RANGE = r"(\*|\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?"

_Values = frozenset[int]


@dataclass(frozen=True)
class Schedule:
    """The values that match, by unit. `years` None: all."""

    weekdays: _Values
    years: _Values | None
    months: _Values
    days: _Values
    hours: _Values
    minutes: _Values
    seconds: _Values

    def after(self, moment: float) -> Iterator[int]:
        """The occurrences after a moment, in seconds since 1970, in order."""
        day = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_HORIZON_DAYS):
            if self._matches(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        for second in sorted(self.seconds):
                            found = int(day.timestamp()) + hour * 3600 + minute * 60 + second
                            if found > moment:
                                yield found
            day += timedelta(days=1)

    def _matches(self, day: datetime) -> bool:
        return (
            day.weekday() in self.weekdays
            and day.month in self.months
            and day.day in self.days
            and (self.years is None or day.year in self.years)
        )


def _values(text: str, low: int, high: int) -> _Values:
    found: set[int] = set()
    for part in text.split(","):
        matched = re.fullmatch(_RANGE, part)
        if not matched:
            raise ValueError(part)
        first = low if matched[1] == "*" else int(matched[1])
        is_open = matched[1] == "*" or (matched[3] and not matched[2])
        last = int(matched[2]) if matched[2] else high if is_open else first
        step = int(matched[3] or 1)
        if not low <= first <= last <= high or not step:
            raise ValueError(part)
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _weekday(text: str) -> int:
    for number, name in enumerate(_DAYS):
        if len(text) >= _SHORTEST_DAY and name.startswith(text):
            return number
    raise ValueError(text)


def _weekdays(text: str) -> _Values:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dots, last = part.partition("..")
        start, end = _weekday(first), _weekday(last if dots else first)
        found.update(n % 7 for n in range(start, end + 1 if end >= start else end + 8))
    return frozenset(found)


def _three(text: str, separator: str, first: str) -> list[str]:
    """The three parts of a date or time; the first may be left out."""
    parts = text.split(separator)
    if len(parts) not in (2, 3):
        raise ValueError(text)
    return parts if len(parts) == 3 else [first, *parts]


def parse(text: str) -> Schedule:
    """Read a calendar event. Raises ValueError with the part that cannot be read."""
    words = _NAMED.get(text.strip().lower(), text).split()
    weekdays, years, months, days = frozenset(range(7)), None, _values("*", 1, 12), _values("*", 1, 31)
    clock = "00:00:00"
    if words and words[0][0].isalpha():
        weekdays = _weekdays(words.pop(0))
    if words and "-" in words[0]:
        year, month, day = _three(words.pop(0), "-", "*")
        years = _values(year, 1970, 2200) if year != "*" else None
        months, days = _values(month, 1, 12), _values(day, 1, 31)
    if words:
        clock = words.pop(0)
    if words or not text.strip():
        raise ValueError(" ".join(words))
    hour, minute, second = _three(clock if clock.count(":") > 1 else f"{clock}:0", ":", "*")
    return Schedule(weekdays, years, months, days, _values(hour, 0, 23), _values(minute, 0, 59), _values(second, 0, 59))
