"""Reading a time that is written in one of Go's layouts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxmox_mpc.charts.functions.calendar_days import MONTHS, WEEKDAYS, day_of, days_in, days_since_1970, is_leap
from proxmox_mpc.charts.functions.durations import quoted
from proxmox_mpc.charts.functions.layouts import PARTS
from proxmox_mpc.charts.functions.zones import LOCAL, UTC, Zone, fixed_zone
from proxmox_mpc.charts.language.function import GoError, TooMuch

# A date has some 40 characters; reading takes the square of the length.
_LONGEST = 10_000


class _Misfit(Exception):
    """A part of the text is not what the layout wants there."""


class _Wrong(Exception):
    """Numbers that make no time."""


class _Beyond(_Wrong):
    """A number is beyond its range."""

    def __str__(self) -> str:
        return f"{self.args[0]} out of range"


@dataclass(slots=True)
class _Read:
    """What has been read, and the text that is left."""

    rest: str
    following: str = ""
    year: int = 0
    month: int = 0
    day: int = 0
    yearday: int = 0
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    half: str = ""
    offset: int | None = None
    zone_name: str = ""
    zone: Zone | None = None


def read_time(layout: str, text: str) -> tuple[int, int, Zone]:
    """Seconds since 1970, nanoseconds and the zone; raises GoError with Go's words."""
    if len(layout) + len(text) > _LONGEST:
        raise TooMuch(f"a layout and a time of {len(layout) + len(text)} characters ({_LONGEST} may be read)")
    read = _Read(text)
    at = 0
    for part in PARTS.finditer(layout):
        _literal(read, layout[at : part.start()], layout, text)
        at = part.end()
        following = PARTS.match(layout, at)
        read.following = following.group() if following else ""
        held = read.rest
        try:
            _read_part(read, part.group())
        except (_Misfit, IndexError):
            raise _mismatch(layout, text, held, part.group()) from None
        except _Wrong as wrong:
            raise GoError(f"parsing time {quoted(text)}: {wrong}") from None
    _literal(read, layout[at:], layout, text)
    if read.rest:
        raise GoError(f"parsing time {quoted(text)}: extra text: {quoted(read.rest)}")
    try:
        return _moment(read)
    except _Wrong as wrong:
        raise GoError(f"parsing time {quoted(text)}: {wrong}") from None


def _mismatch(layout: str, text: str, rest: str, wanted: str) -> GoError:
    return GoError(f"parsing time {quoted(text)} as {quoted(layout)}: cannot parse {quoted(rest)} as {quoted(wanted)}")


def _literal(read: _Read, wanted: str, layout: str, text: str) -> None:
    """Pass over what stands between two parts; any number of spaces is like any other."""
    left = wanted
    while left:
        if left[0] == " ":
            if read.rest and read.rest[0] != " ":
                raise _mismatch(layout, text, read.rest, wanted)
            left, read.rest = left.lstrip(" "), read.rest.lstrip(" ")
            continue
        if not read.rest or read.rest[0] != left[0]:
            raise _mismatch(layout, text, read.rest, wanted)
        left, read.rest = left[1:], read.rest[1:]


def _number(read: _Read, pattern: str) -> int:
    found = re.match(pattern, read.rest)
    if found is None:
        raise _Misfit
    read.rest = read.rest[found.end() :]
    return int(found.group())


_ONE_OR_TWO, _TWO = r"[0-9][0-9]?", r"[0-9][0-9]"


def _name(read: _Read, names: tuple[str, ...], length: int | None = None) -> int:
    for number, name in enumerate(names):
        if read.rest[: len(name[:length])].lower() == name[:length].lower():
            read.rest = read.rest[len(name[:length]) :]
            return number
    raise _Misfit


def _within(value: int, low: int, high: int, what: str) -> int:
    if not low <= value <= high:
        raise _Beyond(what)
    return value


def _read_part(read: _Read, part: str) -> None:
    if part[0] in ".,":
        _read_fraction(read, part)
        return
    if part[0] in "-Z":
        _read_offset(read, part)
        return
    match part:
        case "2006":
            read.year = _number(read, r"[0-9]{4}")
        case "06":
            year = _number(read, _TWO)
            read.year = year + (1900 if year >= 69 else 2000)
        case "January" | "Jan":
            read.month = _name(read, MONTHS, None if part == "January" else 3) + 1
        case "1" | "01":
            read.month = _within(_number(read, _TWO if part == "01" else _ONE_OR_TWO), 1, 12, "month")
        case "Monday" | "Mon":
            _name(read, WEEKDAYS, None if part == "Monday" else 3)
        case "2" | "_2" | "02":
            if part == "_2":
                read.rest = read.rest.removeprefix(" ")
            read.day = _number(read, _TWO if part == "02" else _ONE_OR_TWO) or -1
        case "__2" | "002":
            if part == "__2":
                read.rest = read.rest[min(2, len(read.rest) - len(read.rest.lstrip(" "))) :]
            read.yearday = _number(read, r"[0-9]{3}" if part == "002" else r"[0-9]{1,3}") or -1
        case "15":
            read.hour = _within(_number(read, _ONE_OR_TWO), 0, 23, "hour")
        case "3" | "03":
            read.hour = _within(_number(read, _TWO if part == "03" else _ONE_OR_TWO), 0, 12, "hour")
        case "4" | "04":
            read.minute = _within(_number(read, _TWO if part == "04" else _ONE_OR_TWO), 0, 59, "minute")
        case "5" | "05":
            read.second = _within(_number(read, _TWO if part == "05" else _ONE_OR_TWO), 0, 59, "second")
            if re.match(r"[.,][0-9]", read.rest) and read.following[:1] not in (".", ","):
                _read_fraction(read, ".9")
        case "PM" | "pm":
            half = read.rest[:2]
            if half not in (("PM", "AM") if part == "PM" else ("pm", "am")):
                raise _Misfit
            read.half, read.rest = half.lower(), read.rest[2:]
        case _:
            _read_zone_name(read)


def _read_fraction(read: _Read, part: str) -> None:
    found = re.match(r"[.,]([0-9]+)", read.rest)
    if part[1] == "0":
        wanted = len(part) - 1
        found = re.match(rf"[.,]([0-9]{{{wanted}}})", read.rest)
        if found is None:
            raise _Misfit
    if found is not None:
        read.nanosecond = int(found.group(1)[:9].ljust(9, "0"))
        read.rest = read.rest[found.end() :]


def _read_offset(read: _Read, part: str) -> None:
    if part[0] == "Z" and read.rest[:1] == "Z":
        read.zone, read.rest = UTC, read.rest[1:]
        return
    pattern = "([-+])" + re.sub(r"[0-9]{2}", "([0-9]{2})", part[1:])
    found = re.match(pattern, read.rest)
    if found is None:
        raise _Misfit
    sign, *numbers = found.groups()
    hours, minutes, seconds = [*map(int, numbers), 0, 0][:3]
    _within(hours, 0, 24, "time zone offset hour")
    _within(minutes, 0, 60, "time zone offset minute")
    _within(seconds, 0, 60, "time zone offset second")
    read.offset = (hours * 3600 + minutes * 60 + seconds) * (-1 if sign == "-" else 1)
    read.rest = read.rest[found.end() :]


# An abbreviation: GMT with an offset, an offset alone, three or four capitals that end in T, or five of some islands.
_ZONE_NAME = re.compile(r"ChST|MeST|WITA|GMT(?:[-+](?:2[0-3]|1[0-9]|[0-9])(?![0-9]))?|[-+][0-9]{2}(?![0-9])|[A-Z]{3,6}")


def _read_zone_name(read: _Read) -> None:
    if read.rest.startswith("UTC"):
        read.zone, read.rest = UTC, read.rest[3:]
        return
    found = _ZONE_NAME.match(read.rest)
    name = found.group() if found else ""
    if name.isalpha() and name.isupper():
        length = len(name)
        if length == 6 or (length == 5 and name[-1] != "T") or (length == 4 and name[-1] != "T" and name != "WITA"):
            raise _Misfit
    if not name:
        raise _Misfit
    read.zone_name, read.rest = name, read.rest[len(name) :]


def _moment(read: _Read) -> tuple[int, int, Zone]:
    hour = read.hour
    if read.half == "pm" and hour < 12:
        hour += 12
    elif read.half == "am" and hour == 12:
        hour = 0
    month, day = read.month or 1, read.day or 1
    if read.yearday:
        _within(read.yearday, 1, 366 if is_leap(read.year) else 365, "day-of-year")
        number = days_since_1970(read.year, 1, read.yearday)
        found = day_of(number)
        for name, given, meant in (("month", read.month, found.month), ("day", read.day, found.day)):
            if given and given != meant:
                raise _Wrong(f"day-of-year does not match {name}")
    else:
        _within(day, 1, days_in(month, read.year), "day")
        number = days_since_1970(read.year, month, day)
    seconds = number * 86_400 + hour * 3600 + read.minute * 60 + read.second
    if read.zone is not None:
        return seconds, read.nanosecond, read.zone
    if read.offset is not None:
        if read.offset == 0 and read.zone_name in ("", "UTC"):
            return seconds, read.nanosecond, LOCAL
        return seconds - read.offset, read.nanosecond, fixed_zone(read.zone_name, read.offset)
    if read.zone_name:
        offset = int(read.zone_name[3:] or 0) * 3600 if read.zone_name.startswith("GMT") else 0
        # Go does not move the time by the offset that it makes of GMT+3.
        return seconds, read.nanosecond, fixed_zone(read.zone_name, offset)
    return seconds, read.nanosecond, LOCAL
