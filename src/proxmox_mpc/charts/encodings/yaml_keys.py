"""The order in which YAML writers put a map's keys: people's, in which a2 comes before a10."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import Any

# Keys of these alone stand in the order of their bytes.
_SIMPLE_KEYS = re.compile(r"[A-Za-z./-]*\Z")
_LETTER = re.compile(r"[^\W\d_]")


def sorted_keys(entries: dict[str, Any], *, digits_first: bool) -> list[str]:
    """A map's keys in the order of the YAML library: numbers in them by their value, other signs before letters.

    yaml.v3 sorts letters after a digit before more digits, unless `digits_first`.
    """
    keys = list(entries)
    if len(keys) < 2:
        return keys
    if _SIMPLE_KEYS.match("".join(keys)):
        return sorted(keys)
    return sorted(keys, key=cmp_to_key(_digits_first if digits_first else _letters_first))


def _compare(one: str, other: str, digits_first: bool) -> int:
    digits = False
    for at, (here, there) in enumerate(zip(one, other, strict=False)):
        if here == there:
            digits = not digits_first and here.isdecimal()
            continue
        letter, other_letter = _LETTER.match(here) is not None, _LETTER.match(there) is not None
        if letter and other_letter:
            return -1 if here < there else 1
        if letter or other_letter:
            return -1 if (letter if digits else other_letter) else 1
        return _compare_numbers(one, other, at)
    return len(one) - len(other)


def _compare_numbers(one: str, other: str, at: int) -> int:
    number, end = _number(one, at)
    other_number, other_end = _number(other, at)
    if "0" in (one[at], other[at]):
        before = at
        while before > 0 and one[before - 1].isdecimal():
            before -= 1
        if one[before:at].strip("0"):
            number, other_number = 10 ** (end - at) + number, 10 ** (other_end - at) + other_number
    key, other_key = (number, end, one[at]), (other_number, other_end, other[at])
    return -1 if key < other_key else 1


def _number(text: str, at: int) -> tuple[int, int]:
    end = at
    while end < len(text) and text[end].isdecimal() and text[end].isascii():
        end += 1
    return int(text[at:end] or 0), end


def _digits_first(one: str, other: str) -> int:
    return _compare(one, other, True)


def _letters_first(one: str, other: str) -> int:
    return _compare(one, other, False)
