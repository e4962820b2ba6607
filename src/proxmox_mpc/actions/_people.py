"""How people, groups, roles and tokens are written, and who may change whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

UserName = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().casefold() if isinstance(value, str) else value),
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@+-]*$", max_length=64),
]
"""Names of users are written in small letters, whatever was typed."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
"""Names of groups, roles and tokens."""
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
"""A text of one line for people to read."""
