"""Functions on dates and durations."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.charts.functions.casting import MAX_INT64, MIN_INT64
from proxmox_mpc.charts.functions.durations import (
    HOUR,
    MINUTE,
    SECOND,
    duration_text,
    parse_duration,
    rounded,
    seconds_as_duration,
)
from proxmox_mpc.charts.functions.time_reading import read_time
from proxmox_mpc.charts.functions.times import ZERO_TIME, Time, time_of
from proxmox_mpc.charts.functions.zones import zone
from proxmox_mpc.charts.language.function import Functions, GoError, TooMuch
from proxmox_mpc.charts.language.go_types import Int32, Int64
from proxmox_mpc.charts.language.state import State

DATES = Functions()

_DATE = "2006-01-02"
# What `durationRound` counts in: the biggest unit of which there is more than one.
_ROUND_UNITS = (
    (365 * 24 * HOUR, "y"),
    (30 * 24 * HOUR, "mo"),
    (24 * HOUR, "d"),
    (HOUR, "h"),
    (MINUTE, "m"),
    (SECOND, "s"),
)


@DATES.function("now", state=True)
def now(state: State) -> Time:
    return time_of(state.environment.now())


def _time(state: State, date: Any) -> Time:
    """A date as it may be given: a time, or seconds since 1970; anything else is now."""
    if isinstance(date, Time):
        return date
    if type(date) in (int, Int64, Int32):
        return Time(int(date) * SECOND)
    return now(state)


@DATES.function("dateInZone", "date_in_zone", takes="string, interface {}, string", state=True)
def date_in_zone(state: State, layout: str, date: Any, place: str) -> str:
    return Time(_time(state, date).nanoseconds, zone(place)).shown(layout)


@DATES.function("date", takes="string, interface {}", state=True)
def date(state: State, layout: str, when: Any) -> str:
    return date_in_zone(state, layout, when, "Local")


@DATES.function("htmlDate", takes="interface {}", state=True)
def html_date(state: State, when: Any) -> str:
    return date_in_zone(state, _DATE, when, "Local")


@DATES.function("htmlDateInZone", takes="interface {}, string", state=True)
def html_date_in_zone(state: State, when: Any, place: str) -> str:
    return date_in_zone(state, _DATE, when, place)


@DATES.function("mustDateModify", "must_date_modify", takes="string, time.Time")
def must_date_modify(change: str, when: Time) -> Time:
    return Time(when.nanoseconds + parse_duration(change), when.zone)


@DATES.function("dateModify", "date_modify", takes="string, time.Time")
def date_modify(change: str, when: Time) -> Time:
    """A time so much later; what is no duration changes nothing."""
    try:
        return must_date_modify(change, when)
    except GoError:
        return when


@DATES.function("mustToDate", takes="string, string")
def must_to_date(layout: str, text: str) -> Time:
    seconds, nanosecond, place = read_time(layout, text)
    return Time(seconds * SECOND + nanosecond, place)


@DATES.function("toDate", takes="string, string")
def to_date(layout: str, text: str) -> Time:
    try:
        return must_to_date(layout, text)
    except TooMuch:
        raise
    except GoError:
        return ZERO_TIME


@DATES.function("unixEpoch", takes="time.Time")
def unix_epoch(when: Time) -> str:
    return str(when.nanoseconds // SECOND)


@DATES.function("ago", takes="interface {}", state=True)
def ago(state: State, when: Any) -> str:
    past = now(state).nanoseconds - _time(state, when).nanoseconds
    return duration_text(rounded(_bounded(past), SECOND))


@DATES.function("duration", takes="interface {}")
def duration(seconds: Any) -> str:
    """So many seconds, given as text or int64; anything else is none."""
    if type(seconds) is Int64:
        return seconds_as_duration(int(seconds))
    if type(seconds) is str and re.fullmatch(r"[+-]?[0-9]{1,4000}", seconds):
        return seconds_as_duration(_bounded(int(seconds)))
    return "0s"


def _bounded(number: int) -> int:
    return max(MIN_INT64, min(MAX_INT64, number))


@DATES.function("durationRound", takes="interface {}", state=True)
def duration_round(state: State, value: Any) -> str:
    """A duration in its biggest unit alone: 2h, 3mo."""
    size = 0
    if type(value) is str:
        try:
            size = parse_duration(value)
        except GoError:
            size = 0
    elif type(value) is Int64:
        size = int(value)
    elif isinstance(value, Time):
        size = _bounded(now(state).nanoseconds - value.nanoseconds)
    for unit, name in _ROUND_UNITS:
        if abs(size) > unit:
            return f"{abs(size) // unit}{name}"
    return "0s"
