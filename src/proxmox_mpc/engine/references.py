"""References to secrets: where a manifest's field holds a secret, `{ secretRef: NAME }` stands for one of the store.

A reference whose secret the store does not have is no mistake as long as the object exists: what it has is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proxmox_mpc.kinds._schema import Schema

REFERENCE = "secretRef"


def names(values: Iterable[Any]) -> set[str]:
    """All secrets that these documents name."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, dict):
            if (name := _named(value)) is not None:
                found.add(name)
            found |= names(value.values())
        elif isinstance(value, list):
            found |= names(value)
    return found


def resolved(
    schema: Schema, spec: Mapping[str, Any], secrets: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The spec with its secrets in place, and by path the names of those that there are not."""
    unknown: dict[str, str] = {}
    spec = dict(spec)
    for path in (path for path, leaf in schema.leaves.items() if leaf.wire.secret):
        *parents, last = path.split(".")
        inside: dict[str, Any] = spec
        for parent in parents:
            below = inside.get(parent)
            if not isinstance(below, dict):
                break
            inside[parent] = inside = dict(below)
        if (name := _named(inside.get(last))) is None:
            continue
        if name in secrets:
            inside[last] = secrets[name]
        else:
            del inside[last]
            unknown[path] = name
    return spec, unknown


def _named(value: Any) -> str | None:
    is_reference = isinstance(value, dict) and value.keys() == {REFERENCE} and isinstance(value[REFERENCE], str)
    return str(value[REFERENCE]) if is_reference else None
