"""Values that the API shows, as the texts that it takes."""

from __future__ import annotations

from typing import Any

# Lists that PVE divides by semicolons; all others by commas, or as an array (GET and PUT /cluster/options, 9.1).
_SEMICOLONS = frozenset({"registered-tags", "user-allow-list", "allow", "domains"})


def of(name: str, value: Any) -> Any:
    """A value as text; a list stays a list of texts, for the API takes a repeated key as well as commas.

    A property string that is shown taken apart is put together again; without the parts that are empty.
    """
    if isinstance(value, dict):
        return ",".join(f"{key}={_one(key, part)}" for key, part in value.items())
    if isinstance(value, list):
        return _one(name, value) if name in _SEMICOLONS else [of(name, part) for part in value]
    return _one(name, value)


def _one(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return (";" if name in _SEMICOLONS else ",").join(str(part) for part in value)
    return str(value)
