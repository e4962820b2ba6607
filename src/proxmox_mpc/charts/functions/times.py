"""Go's time.Time, with the methods that templates call on it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

from proxmox_mpc.charts.functions.calendar_days import MONTHS, WEEKDAYS, days_since_1970
from proxmox_mpc.charts.functions.casting import MAX_INT64, MIN_INT64, wrapped
from proxmox_mpc.charts.functions.durations import SECOND, Duration
from proxmox_mpc.charts.functions.layouts import Clock, clock, formatted
from proxmox_mpc.charts.functions.zones import LOCAL, UTC, Location, Zone, fixed_zone
from proxmox_mpc.charts.language.fields import NoField
from proxmox_mpc.charts.language.function import Function, Functions, GoError
from proxmox_mpc.charts.language.go_types import Int64, Sized, Struct

_METHODS = Functions()
# 0001-01-01, Go's zero time, in seconds since 1970.
_ZERO = -62_135_596_800


class Month(Sized):
    """Go's time.Month, from 1."""

    __slots__ = ()
    go_type = "time.Month"
    go_kind = "int"

    def __str__(self) -> str:
        return MONTHS[self - 1]


class Weekday(Sized):
    """Go's time.Weekday; Sunday is 0."""

    __slots__ = ()
    go_type = "time.Weekday"
    go_kind = "int"

    def __str__(self) -> str:
        return WEEKDAYS[self]


class Time(Struct):
    """A moment, in nanoseconds since 1970, and the zone in which it is shown."""

    __slots__ = ("nanoseconds", "zone")
    go_type: ClassVar[str] = "time.Time"
    methods: ClassVar[Mapping[str, Function]] = _METHODS

    def __init__(self, nanoseconds: int, zone: Zone = LOCAL) -> None:
        super().__init__()
        self.nanoseconds = nanoseconds
        self.zone = zone

    @property
    def clock(self) -> Clock:
        seconds, nanosecond = divmod(self.nanoseconds, SECOND)
        return clock(seconds, nanosecond, self.zone.at(seconds))

    def shown(self, layout: str) -> str:
        return formatted(layout, self.clock)

    def json_form(self) -> str:
        if not 0 <= self.clock.year <= 9999:
            raise GoError("json: error calling MarshalJSON for type time.Time: year outside of range [0,9999]")
        return self.shown("2006-01-02T15:04:05.999999999Z07:00")

    def __str__(self) -> str:
        return self.shown("2006-01-02 15:04:05.999999999 -0700 MST")


ZERO_TIME = Time(_ZERO * SECOND, UTC)


def time_of(moment: datetime.datetime) -> Time:
    """A datetime that knows its zone, shown in the local zone."""
    seconds = int(moment.timestamp() // 1)
    return Time(seconds * SECOND + moment.microsecond * 1000)


def toml_moment(moment: datetime.date | datetime.time) -> Time:
    """A date or time of TOML; Go names the zones of those that have none after what they are."""
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        offset = int((moment.utcoffset() or datetime.timedelta()).total_seconds())
        return Time(time_of(moment).nanoseconds, fixed_zone("", offset) if offset else UTC)
    if isinstance(moment, datetime.time):
        name, day, time = "time-local", days_since_1970(0, 1, 1), moment
    else:
        name = "datetime-local" if isinstance(moment, datetime.datetime) else "date-local"
        time = moment.time() if isinstance(moment, datetime.datetime) else datetime.time()
        day = days_since_1970(moment.year, moment.month, moment.day)
    seconds = day * 86_400 + time.hour * 3600 + time.minute * 60 + time.second
    return Time(seconds * SECOND + time.microsecond * 1000, fixed_zone(name, 0))


@_METHODS.function("Year")
def _year(time: Time) -> int:
    return time.clock.year


@_METHODS.function("Month")
def _month(time: Time) -> Month:
    return Month(time.clock.month)


@_METHODS.function("Day")
def _day(time: Time) -> int:
    return time.clock.day


@_METHODS.function("Weekday")
def _weekday(time: Time) -> Weekday:
    return Weekday(time.clock.weekday)


@_METHODS.function("YearDay")
def _yearday(time: Time) -> int:
    return time.clock.yearday


@_METHODS.function("Hour")
def _hour(time: Time) -> int:
    return time.clock.hour


@_METHODS.function("Minute")
def _minute(time: Time) -> int:
    return time.clock.minute


@_METHODS.function("Second")
def _second(time: Time) -> int:
    return time.clock.second


@_METHODS.function("Nanosecond")
def _nanosecond(time: Time) -> int:
    return time.clock.nanosecond


@_METHODS.function("Unix")
def _unix(time: Time) -> Int64:
    return Int64(time.nanoseconds // SECOND)


@_METHODS.function("UnixMilli")
def _unix_milli(time: Time) -> Int64:
    return Int64(time.nanoseconds // 1_000_000)


@_METHODS.function("UnixMicro")
def _unix_micro(time: Time) -> Int64:
    return Int64(time.nanoseconds // 1000)


@_METHODS.function("UnixNano")
def _unix_nano(time: Time) -> Int64:
    return Int64(wrapped(time.nanoseconds))


@_METHODS.function("Format", takes="string")
def _format(time: Time, layout: str) -> str:
    return time.shown(layout)


@_METHODS.function("String")
def _string(time: Time) -> str:
    return str(time)


@_METHODS.function("GoString")
def _go_string(time: Time) -> str:
    now = time.clock
    place = "time." + time.zone.name if time.zone.name in ("Local", "UTC") else f'time.Location("{time.zone.name}")'
    date = f"{now.year}, time.{MONTHS[now.month - 1]}, {now.day}"
    return f"time.Date({date}, {now.hour}, {now.minute}, {now.second}, {now.nanosecond}, {place})"


@_METHODS.function("MarshalText")
def _marshal_text(time: Time) -> bytes:
    return time.json_form().encode()


@_METHODS.function("MarshalJSON")
def _marshal_json(time: Time) -> bytes:
    return f'"{time.json_form()}"'.encode()


@_METHODS.function("Add", takes="time.Duration")
def _add(time: Time, duration: Any) -> Time:
    return Time(time.nanoseconds + int(duration), time.zone)


@_METHODS.function("AddDate", takes="int, int, int")
def _add_date(time: Time, years: int, months: int, days: int) -> Time:
    now = time.clock
    before = days_since_1970(now.year, now.month, now.day)
    after = days_since_1970(now.year + years, now.month + months, now.day) + days
    moved = Time(time.nanoseconds + (after - before) * 86_400 * SECOND, time.zone)
    # The clock shows the same hour, whatever the zone did between.
    shift = now.offset.seconds - moved.clock.offset.seconds
    return Time(moved.nanoseconds + shift * SECOND, time.zone)


@_METHODS.function("Sub", takes="time.Time")
def _sub(time: Time, other: Time) -> Duration:
    return Duration(max(MIN_INT64, min(MAX_INT64, time.nanoseconds - other.nanoseconds)))


@_METHODS.function("Truncate", takes="time.Duration")
def _truncate(time: Time, unit: Any) -> Time:
    since_zero = time.nanoseconds - _ZERO * SECOND
    return Time(time.nanoseconds - since_zero % unit, time.zone) if unit > 0 else time


@_METHODS.function("Round", takes="time.Duration")
def _round(time: Time, unit: Any) -> Time:
    if unit <= 0:
        return time
    rest = (time.nanoseconds - _ZERO * SECOND) % unit
    return Time(time.nanoseconds - rest + (unit if 2 * rest >= unit else 0), time.zone)


@_METHODS.function("UTC")
def _utc(time: Time) -> Time:
    return Time(time.nanoseconds, UTC)


@_METHODS.function("Local")
def _local(time: Time) -> Time:
    return Time(time.nanoseconds, LOCAL)


@_METHODS.function("In", takes="*time.Location")
def _in(time: Time, location: Location) -> Time:
    return Time(time.nanoseconds, location.zone)


@_METHODS.function("Location")
def _location(time: Time) -> Location:
    return Location(time.zone)


@_METHODS.function("IsDST")
def _is_summer(time: Time) -> bool:
    return time.clock.offset.summer


@_METHODS.function("IsZero")
def _is_zero(time: Time) -> bool:
    return time.nanoseconds == _ZERO * SECOND


@_METHODS.function("Before", takes="time.Time")
def _before(time: Time, other: Time) -> bool:
    return time.nanoseconds < other.nanoseconds


@_METHODS.function("After", takes="time.Time")
def _after(time: Time, other: Time) -> bool:
    return time.nanoseconds > other.nanoseconds


@_METHODS.function("Equal", takes="time.Time")
def _equal(time: Time, other: Time) -> bool:
    return time.nanoseconds == other.nanoseconds


@_METHODS.function("Compare", takes="time.Time")
def _compare(time: Time, other: Time) -> int:
    return (time.nanoseconds > other.nanoseconds) - (time.nanoseconds < other.nanoseconds)


@_METHODS.function("Date")
def _date(time: Time) -> None:
    raise NoField("function Date has 3 return values; should be 1 or 2")


@_METHODS.function("Clock")
def _clock(time: Time) -> None:
    raise NoField("function Clock has 3 return values; should be 1 or 2")


@_METHODS.function("Zone")
def _zone(time: Time) -> None:
    raise NoField("invalid function signature for Zone: second return value should be error; is int")


@_METHODS.function("ISOWeek")
def _iso_week(time: Time) -> None:
    raise NoField("invalid function signature for ISOWeek: second return value should be error; is int")
