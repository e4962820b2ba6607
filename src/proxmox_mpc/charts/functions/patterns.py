"""Go's regular expressions, which are RE2's: what Go writes otherwise, and its words for what is none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes, go_text

# Charts use a few dozen patterns; each holds a few kilobytes.
_REMEMBERED = 512

# RE2's messages, and Go's for the same.
_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class range": "invalid character class range",
    "invalid character class": "invalid character class",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid UTF-8": "invalid UTF-8",
}
_NUMBER = re.compile("0|[1-9][0-9]{,8}")
_TRAILING = "trailing \\"
_NAMED_GROUP = re.compile(r"\\.|\(\?P?<([A-Za-z0-9_]+)>", re.DOTALL)
_ESCAPE_C = re.compile(r"\\[^C]|\\C", re.DOTALL)


class PatternError(GoError):
    """A text that is no regular expression."""


class Pattern:
    """A compiled expression; texts and places are bytes."""

    __slots__ = ("_expression", "_names")

    def __init__(self, expression: Any, names: dict[str, list[int]]) -> None:
        self._expression = expression
        self._names = names

    def find(self, raw: bytes, at: int) -> list[tuple[int, int]] | None:
        """Where the first match from `at` on stands, and its groups; (-1, -1) is a group that took no part."""
        found = self._expression.search(raw, at)
        if found is None:
            return None
        return [found.span(number) for number in range(self._expression.groups + 1)]

    def group(self, raw: bytes, groups: list[tuple[int, int]], name: str) -> bytes:
        """What the group of a number or name holds; nothing when there is none."""
        if _NUMBER.fullmatch(name):
            numbers = [int(name)] if int(name) < len(groups) else []
        else:
            numbers = self._names.get(name, [])
        return next((raw[start:end] for start, end in (groups[number] for number in numbers) if start >= 0), b"")


@lru_cache(maxsize=_REMEMBERED)
def compiled(regex: str) -> Pattern:
    """The pattern of an expression; raises PatternError in Go's words."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20  # RE2's own default, said, because a pattern comes from a chart
    # Go knows no \\C, and lets two groups have one name.
    for found in _ESCAPE_C.finditer(regex):
        if found.group() == "\\C":
            raise _error("invalid escape sequence", "\\C")
    unnamed = _NAMED_GROUP.sub(lambda found: "(" if found.group(1) else found.group(), regex)
    try:
        expression = re2.compile(go_bytes(unnamed), options)
    except re2.error as error:
        raise _worded(error.args[0], regex) from None
    return Pattern(expression, _names(regex))


def _names(regex: str) -> dict[str, list[int]]:
    """The numbers of the groups that have a name; groups are counted by their opening brackets."""
    names: dict[str, list[int]] = {}
    if "(?" not in regex:
        return names
    number = 0
    in_class = False
    for found in re.finditer(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?|\]|\(\?P?<(\w+)>|\((\?)?", regex, re.DOTALL):
        sign = found.group()
        if sign[0] == "[" and not in_class:
            in_class = True
        elif sign == "]":
            in_class = False
        elif sign[0] == "(" and not in_class:
            if found.group(1):
                number += 1
                names.setdefault(found.group(1), []).append(number)
            elif not found.group(2):
                number += 1
    return names


def _worded(message: bytes | str, regex: str) -> PatternError:
    text = go_text(message) if isinstance(message, bytes) else message
    if text.startswith(_TRAILING):
        return _error("trailing backslash at end of expression", "")
    lookbehind = re.search(r"\(\?<[=!].*?(?:>|\Z)", regex, re.DOTALL) if "perl operator: (?<" in text else None
    if lookbehind:
        return _error("invalid named capture", lookbehind.group())
    for theirs, ours in _WORDS.items():
        if text.startswith(theirs + ":"):
            return _error(ours, text[len(theirs) + 2 :])
    if "too large" in text:
        return _error("expression too large", regex)
    return _error(text.partition(":")[0], regex)


def _error(words: str, part: str) -> PatternError:
    return PatternError(f"error parsing regexp: {words}: `{part}`")
