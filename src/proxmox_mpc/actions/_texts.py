"""Texts that requests hold: what names and lines may be, and how it is said where one is not that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_USER = r"^[a-z0-9][a-z0-9._@+-]*$"
_LINE = r"^[^\x00-\x1f\x7f]*$"
_PLACE = r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]*)$"
_PERMISSION = r"^(\*|([a-z_]+|\*):([a-z]+|\*))$"
_WORDS = {
    _NAME: "a name has letters, digits, '.', '_' and '-', and begins with a letter or a digit",
    _USER: "a user's name has letters, digits, '.', '_', '@', '+' and '-', and begins with a letter or a digit",
    _LINE: "this is one line, without control characters",
    _PLACE: "a name has letters, digits, '.', '_' and '-'; * stands for all",
    _PERMISSION: "a permission is NOUN:read or NOUN:write, such as resources:read; * stands for all",
}

UserName = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().casefold() if isinstance(value, str) else value),
    StringConstraints(pattern=_USER, max_length=64),
]
"""Names of users are written in small letters, whatever was typed."""
Name = Annotated[str, StringConstraints(pattern=_NAME, max_length=64)]
"""Names of groups, roles, tokens, providers, schedules, webhooks."""
Line = Annotated[str, StringConstraints(pattern=_LINE, max_length=200)]
"""A text of one line for people to read."""
Place = Annotated[str, StringConstraints(pattern=_PLACE, max_length=64)]
"""A context or namespace, or `*` for all of them, now and later."""
Pattern = Annotated[str, StringConstraints(pattern=_PERMISSION, max_length=64)]
"""Permissions: `*`, `resources:*`, `*:read`, `jobs:write`."""


def invalid(errors: Sequence[Mapping[str, Any]], skip: int = 0) -> list[dict[str, str]]:
    """What pydantic found, each with its `field` and `detail`; what was given is not repeated: it may be a secret."""
    return [
        {"detail": _said(one), "field": ".".join(map(str, one["loc"][skip:])), "code": one["type"]} for one in errors
    ]


def told(one: Mapping[str, str]) -> str:
    """One of them as a line."""
    return f"{one['field']}: {one['detail']}" if one["field"] else one["detail"]


def _said(error: Mapping[str, Any]) -> str:
    pattern = (error.get("ctx") or {}).get("pattern", "")
    return _WORDS.get(pattern, str(error["msg"]).removeprefix("Value error, "))
