"""Go's time layouts, in which `2006-01-02 15:04:05` stands for the parts of a time: how one is written."""

from __future__ import annotations

import re
from typing import NamedTuple

from proxmox_mpc.charts.functions.calendar_days import MONTHS, WEEKDAYS, day_of, weekday_of, yearday_of
from proxmox_mpc.charts.functions.zones import Offset

# The parts of a layout, in the order in which Go looks for them.
PARTS = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|__2|_2(?!006)|3|4|5|PM|pm"
    r"|[-Z]07(?:00(?:00)?|:00(?::00)?)?|[.,](?:0+|9+)(?![0-9])"
)
_DAY_SECONDS = 86_400


class Clock(NamedTuple):
    """A moment as a zone's clocks and calendars show it."""

    year: int
    month: int
    day: int
    weekday: int
    yearday: int
    hour: int
    minute: int
    second: int
    nanosecond: int
    offset: Offset


def clock(seconds: int, nanosecond: int, offset: Offset) -> Clock:
    number, second = divmod(seconds + offset.seconds, _DAY_SECONDS)
    day = day_of(number)
    hour, second = divmod(second, 3600)
    minute, second = divmod(second, 60)
    return Clock(*day, weekday_of(number), yearday_of(number), hour, minute, second, nanosecond, offset)


def formatted(layout: str, now: Clock) -> str:
    """A time in a layout; what is none of a layout's parts stands as it is."""
    return PARTS.sub(lambda found: _part(found.group(), now), layout)


def padded_year(year: int) -> str:
    return f"-{-year:04d}" if year < 0 else f"{year:04d}"


def _part(part: str, now: Clock) -> str:
    if part[0] in "-Z":
        return "Z" if part[0] == "Z" and now.offset.seconds == 0 else _offset(part[1:], now.offset.seconds)
    if part[0] in ".,":
        return _fraction(part, now.nanosecond)
    twelve = now.hour % 12 or 12
    match part:
        case "2006":
            return padded_year(now.year)
        case "06":
            return f"{max(now.year, 0) % 100:02d}"
        case "January":
            return MONTHS[now.month - 1]
        case "Jan":
            return MONTHS[now.month - 1][:3]
        case "1":
            return str(now.month)
        case "01":
            return f"{now.month:02d}"
        case "Monday":
            return WEEKDAYS[now.weekday]
        case "Mon":
            return WEEKDAYS[now.weekday][:3]
        case "2":
            return str(now.day)
        case "_2":
            return f"{now.day:2d}"
        case "02":
            return f"{now.day:02d}"
        case "__2":
            return f"{now.yearday:3d}"
        case "002":
            return f"{now.yearday:03d}"
        case "15":
            return f"{now.hour:02d}"
        case "3":
            return str(twelve)
        case "03":
            return f"{twelve:02d}"
        case "4":
            return str(now.minute)
        case "04":
            return f"{now.minute:02d}"
        case "5":
            return str(now.second)
        case "05":
            return f"{now.second:02d}"
        case "PM":
            return "PM" if now.hour >= 12 else "AM"
        case "pm":
            return "pm" if now.hour >= 12 else "am"
    return _zone_name(now.offset)  # MST


def _zone_name(offset: Offset) -> str:
    return offset.name or _offset("0700", offset.seconds)


def _offset(form: str, seconds: int) -> str:
    sign, size = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, rest = divmod(size, 3600)
    parts = [f"{hours:02d}", f"{rest // 60:02d}", f"{rest % 60:02d}"]
    colon = ":" if ":" in form else ""
    return sign + colon.join(parts[: len(form.replace(":", "")) // 2])


def _fraction(part: str, nanosecond: int) -> str:
    digits = f"{nanosecond:09d}".ljust(len(part) - 1, "0")[: len(part) - 1]
    if part[1] == "9":
        digits = digits.rstrip("0")
        return part[0] + digits if digits else ""
    return part[0] + digits
