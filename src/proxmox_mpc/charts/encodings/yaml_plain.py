"""Which texts YAML 1.1 would read as something else than text, so that a writer must quote them."""

from __future__ import annotations

import math
import re

_BOOLEANS = "y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF"
_OTHERS = "~ null Null NULL .nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF"
WORDS = frozenset(("", *_BOOLEANS.split(), *_OTHERS.split()))

_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][-+]?[01]+|[1-9][0-9]*|0)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_POINTED = re.compile(r"\.[0-9_]+([eE][-+]?[0-9_]+)?\Z")
# Numbers on base 60, such as 12:30, are only written with quotes: nobody means them.
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?\Z"
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def reads_as_text(text: str) -> bool:
    if text in WORDS:
        return False
    first = text[0]
    if first == ".":
        return not (_POINTED.match(text) and _finite(text))
    if not (first.isascii() and (first.isdigit() or first in "+-")):
        return True
    if _SEXAGESIMAL.match(text) or _is_timestamp(text):
        return False
    digits = text.replace("_", "")
    return not (_is_integer(digits) or (_FLOAT.match(digits) and _finite(digits)))


def _finite(digits: str) -> bool:
    try:
        return math.isfinite(float(digits))
    except ValueError:
        return False


def _is_integer(digits: str) -> bool:
    found = _INTEGER.match(digits)
    if found is None:
        return False
    sign, rest = found.groups()
    if rest[0] != "0" or rest == "0":
        return True  # one that is too big for an integer is a float
    base = {"x": 16, "b": 2, "o": 8}.get(rest[1].lower(), 8)
    size = len(f"{int(rest.lower().lstrip('0xbo+-') or '0', base):b}")
    return size <= (63 if sign else 64)


def _is_timestamp(text: str) -> bool:
    found = _TIMESTAMP.match(text)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    spaced = text[found.end(3) : found.end(3) + 1] == " "
    if found.group(4) is not None and spaced == bool(found.group(7)):
        return False  # with a T a zone is needed, with a space none is allowed
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (
        1 <= month <= 12
        and 1 <= day <= (28 if month == 2 and not leap else _DAYS[month - 1])
        and hour < 24
        and minute < 60
        and second < 60
    )
