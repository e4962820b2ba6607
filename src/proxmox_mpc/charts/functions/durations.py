"""Go's time.Duration: read, written, rounded. A duration is nanoseconds in 64 bits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from proxmox_mpc.charts.functions.casting import MAX_INT64, MIN_INT64, wrapped
from proxmox_mpc.charts.language.function import Function, Functions, GoError
from proxmox_mpc.charts.language.go_types import Duration as Nanoseconds
from proxmox_mpc.charts.language.go_types import Int64, go_bytes

SECOND = 1_000_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": SECOND, "m": MINUTE, "h": HOUR}
_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]*)")
_METHODS = Functions()


class Duration(Nanoseconds):
    """A time.Duration that a template may ask: `.Hours`, `.Round` and so on."""

    __slots__ = ()
    methods: ClassVar[Mapping[str, Function]] = _METHODS

    def __str__(self) -> str:
        return duration_text(int(self))


def duration_text(nanoseconds: int) -> str:
    """A duration as Go prints it: 1h30m0s, 1.5s, 2ms, 0s."""
    if nanoseconds == 0:
        return "0s"
    sign, size = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if size < SECOND:
        unit, divisor = next((unit, _UNITS[unit]) for unit in ("ms", "µs", "ns") if size >= _UNITS[unit])
        return f"{sign}{_fraction(size, divisor)}{unit}"
    text = f"{_fraction(size % MINUTE, SECOND)}s"
    minutes = size // MINUTE
    if minutes:
        text = f"{minutes % 60}m{text}"
    if minutes >= 60:
        text = f"{minutes // 60}h{text}"
    return sign + text


def _fraction(size: int, divisor: int) -> str:
    whole, rest = divmod(size, divisor)
    digits = f"{rest:0{len(str(divisor)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def parse_duration(text: str) -> int:
    """What `1h30m` or `-1.5s` says; raises GoError with Go's words."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    invalid = GoError(f"time: invalid duration {quoted(text)}")
    if not rest:
        raise invalid
    total = at = 0
    while at < len(rest):
        found = _TERM.match(rest, at)
        whole, decimals, unit = found.groups() if found else ("", "", "")
        if not whole and not decimals:
            raise invalid
        if not unit:
            raise GoError(f"time: missing unit in duration {quoted(text)}")
        if unit not in _UNITS:
            raise GoError(f"time: unknown unit {quoted(unit)} in duration {quoted(text)}")
        at = found.end() if found else len(rest)
        total += int(whole[:30] or 0) * _UNITS[unit] + _decimals(decimals or "", _UNITS[unit])
        if total > -MIN_INT64:
            raise invalid
    if text[0] == "-":
        return -total
    if total > MAX_INT64:
        raise invalid
    return total


def _decimals(digits: str, unit: int) -> int:
    """What stands behind a point, in nanoseconds: as many digits as 63 bits hold, and float64's rounding."""
    fraction, scale = 0, 1.0
    for digit in digits:
        longer = fraction * 10 + int(digit)
        if fraction > MAX_INT64 // 10 or longer > MAX_INT64 + 1:
            break
        fraction, scale = longer, scale * 10
    return int(fraction * (unit / scale))


def quoted(text: str) -> str:
    """A text as Go's package time quotes it: everything that is not plain ASCII as bytes."""
    letters = []
    for byte in go_bytes(text):
        if byte < 0x20 or byte >= 0x80:
            letters.append(f"\\x{byte:02x}")
        else:
            letters.append("\\" * (byte in b'"\\') + chr(byte))
    return '"' + "".join(letters) + '"'


def truncated(value: int, unit: int) -> int:
    """A duration cut off to a multiple of a unit, towards zero."""
    return value if unit <= 0 else (abs(value) // unit * unit) * (-1 if value < 0 else 1)


def rounded(value: int, unit: int) -> int:
    """A duration rounded to a multiple of a unit, halves away from zero, within what 64 bits hold."""
    if unit <= 0:
        return value
    result = (2 * abs(value) + unit) // (2 * unit) * unit * (-1 if value < 0 else 1)
    return max(MIN_INT64, min(MAX_INT64, result))


def _parts(value: Duration, unit: int) -> float:
    size = int(value)
    whole = abs(size) // unit * (-1 if size < 0 else 1)
    return float(whole) + float(size - whole * unit) / unit


@_METHODS.function("Hours")
def _hours(value: Duration) -> float:
    return _parts(value, HOUR)


@_METHODS.function("Minutes")
def _minutes(value: Duration) -> float:
    return _parts(value, MINUTE)


@_METHODS.function("Seconds")
def _seconds(value: Duration) -> float:
    return _parts(value, SECOND)


@_METHODS.function("Milliseconds")
def _milliseconds(value: Duration) -> Int64:
    return Int64(truncated(int(value), 1_000_000) // 1_000_000)


@_METHODS.function("Microseconds")
def _microseconds(value: Duration) -> Int64:
    return Int64(truncated(int(value), 1000) // 1000)


@_METHODS.function("Nanoseconds")
def _nanoseconds(value: Duration) -> Int64:
    return Int64(value)


@_METHODS.function("String")
def _string(value: Duration) -> str:
    return str(value)


@_METHODS.function("Abs")
def _absolute(value: Duration) -> Duration:
    return Duration(min(MAX_INT64, abs(int(value))))


@_METHODS.function("Round", takes="time.Duration")
def _round(value: Duration, unit: Any) -> Duration:
    return Duration(rounded(int(value), int(unit)))


@_METHODS.function("Truncate", takes="time.Duration")
def _truncate(value: Duration, unit: Any) -> Duration:
    return Duration(truncated(int(value), int(unit)))


def seconds_as_duration(seconds: int) -> str:
    """So many seconds as Go prints them, after 64 bits have overflowed."""
    return duration_text(wrapped(seconds * SECOND))
