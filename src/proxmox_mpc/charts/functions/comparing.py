"""Whether two values are the same, as `reflect.DeepEqual` sees it: of one type, and equal all the way down."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from proxmox_mpc.charts.language.go_types import Struct


def identity(value: Any) -> Hashable:
    """Something hashable that two values share when they are deeply equal."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return (kind, value)
    if isinstance(value, float):
        return (kind, value) if value == value else object()  # NaN is like nothing, not even itself
    if isinstance(value, dict):
        return (kind, frozenset([(key, identity(entry)) for key, entry in value.items()]))
    if isinstance(value, list):
        return (kind, tuple([identity(item) for item in value]))
    if isinstance(value, Struct):
        return (kind, identity(value.json_form()))
    return (kind, value)


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and identity(one) == identity(other)
