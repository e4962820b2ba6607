"""The one error of the formats, and how the simple formats are made."""

from __future__ import annotations

import re
from collections.abc import Callable


class FormatError(ValueError):
    """A value does not have its format. The text carries PVE's trailing newline."""


def looks_like(pattern: str, what: str, flags: int = 0) -> Callable[[str], None]:
    """A format that is one pattern over the whole value; `what` completes "value does not look like a valid …"."""
    matches = re.compile(pattern, flags).fullmatch

    def check(value: str) -> None:
        if not matches(value):
            raise FormatError(f"value does not look like a valid {what}\n")

    return check


def says(pattern: str, text: str, flags: int = 0) -> Callable[[str], None]:
    """A format that is one pattern; `text` is the whole complaint and may name the `{value}`."""
    matches = re.compile(pattern, flags).fullmatch

    def check(value: str) -> None:
        if not matches(value):
            raise FormatError(text.replace("{value}", value) + "\n")

    return check
