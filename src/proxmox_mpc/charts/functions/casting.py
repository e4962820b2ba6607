"""Values as numbers and strings, by the rules of spf13/cast and Sprig's `strval` (Helm 4.2.3).

What is no number is 0; nothing here fails.
"""

from __future__ import annotations

import math
import re
from typing import Any

from proxmox_mpc.charts.language.go_types import Duration, Sized, go_text
from proxmox_mpc.charts.language.printing import text_of

MAX_INT64 = (1 << 63) - 1
MIN_INT64 = -(1 << 63)

_INTEGER = re.compile(r"[+-]?[0-9a-fA-FxXoO_]+\Z")
_ZERO_DECIMALS = re.compile(r"\.0+\Z")
_INFINITY = re.compile(r"[+-]?inf(?:inity)?\Z|nan\Z", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?[0-9._]+(?:[eE][+-]?[0-9_]+)?\Z")
_HEXADECIMAL = re.compile(r"[+-]?0[xX]_?[0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9_]+\Z")


def wrapped(number: int) -> int:
    """An integer as 64 bits hold it: what is too big comes round, as in Go."""
    if MIN_INT64 <= number <= MAX_INT64:
        return number
    return ((number - MIN_INT64) & ((1 << 64) - 1)) + MIN_INT64


def integer(value: Any) -> int:
    """A value as an int64: strings in any base that Go's literals have, floats cut off, everything else 0."""
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is str:
        return _integer_in(value)
    if kind is float:
        # What no int64 holds becomes the smallest one on amd64.
        return int(value) if -(2.0**63) <= value < 2.0**63 else MIN_INT64
    if kind is bool:
        return int(value)
    if isinstance(value, Sized) and not isinstance(value, Duration):
        return wrapped(int(value))
    return 0


def _integer_in(text: str) -> int:
    number = parse_int(_ZERO_DECIMALS.sub("", text))
    return number if number is not None and MIN_INT64 <= number <= MAX_INT64 else 0


def parse_int(text: str) -> int | None:
    """`strconv.ParseInt` with base 0, without its limits: 0x1f, 0b1, 0o17, 017, 1_000."""
    if not _INTEGER.match(text):
        return None
    digits = text.lstrip("+-")
    try:
        if digits[0] == "0" and digits[1:2] and digits[1] in "0123456789_":
            number = int(digits[1:].removeprefix("_"), 8)
            return -number if text[0] == "-" else number
        return int(text, 0)
    except ValueError:
        return None


def floating(value: Any) -> float:
    """A value as a float64; what is no number is 0."""
    kind = type(value)
    if kind is float:
        return float(value)
    if kind is int or kind is bool:
        return float(value)
    if kind is str:
        return _float_in(value)
    if isinstance(value, Sized) and not isinstance(value, Duration):
        return float(value)
    return 0.0


def _float_in(text: str) -> float:
    try:
        if _DECIMAL.match(text):
            number = float(text)
        elif _INFINITY.match(text):
            return float(text)
        elif _HEXADECIMAL.match(text):
            number = float.fromhex(text.replace("_", ""))
        else:
            return 0.0
    except (ValueError, OverflowError):
        return 0.0
    return 0.0 if math.isinf(number) else number


def string(value: Any) -> str:
    """A value as Sprig's string functions take it: text as it stands, bytes as text, all else as `%v` prints it."""
    if type(value) is str:
        return value
    if type(value) is bytes:
        return go_text(value)
    return text_of(value)


def strings(value: Any) -> list[str]:
    """A list as strings without its nils; a single value as a list of one."""
    if isinstance(value, list):
        return [string(item) for item in value if item is not None]
    if value is None:
        return []
    if type(value) is bytes:
        return [str(number) for number in value]
    return [string(value)]
