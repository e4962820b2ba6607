"""Go templates' eq, ne, lt, le, gt and ge: values of one basic kind compare, others do not."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.language.formatting import sprintf
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import Struct, go_bytes, type_of
from proxmox_mpc.charts.language.printing import text_of

_BASIC: dict[type, str] = {str: "string", bool: "bool", int: "int", float: "float", complex: "complex"}


def _basic(value: Any) -> str:
    found = _BASIC.get(type(value))
    if found is not None:
        return found
    # All of Go's integer types compare with each other, signed with unsigned too.
    return "int" if isinstance(value, int) else ""


def equal(first: Any, *others: Any) -> bool:
    """`eq`: whether the first equals any of the others."""
    if not others:
        raise GoError("missing argument for comparison")
    kind = type(first)
    if kind is str:
        for other in others:
            if type(other) is str:
                if first == other:
                    return True
            elif other is not None:
                raise _incompatible(first, other)
        return False
    basic = _basic(first)
    return any(_same(first, basic, other) for other in others)


def _same(first: Any, basic: str, other: Any) -> bool:
    if basic != _basic(other):
        if first is not None and other is not None:
            raise _incompatible(first, other)
        return False
    if basic:
        return bool(first == other)
    if first is None or other is None:
        return first is other
    if isinstance(other, Struct) and isinstance(first, Struct):
        if first.go_type.startswith("*") or type(first) is not type(other):
            return first is other  # pointers
        return bool(first.fields == other.fields)
    if type_of(other) != type_of(first):
        raise GoError(
            f"non-comparable types {sprintf('%s', [first])}: {type_of(first)}, {type_of(other)}: {text_of(other)}"
        )
    raise GoError(f"non-comparable type {sprintf('%s', [other])}: {type_of(other)}")


def _incompatible(first: Any, other: Any) -> GoError:
    return GoError(f"incompatible types for comparison: {type_of(first)} and {type_of(other)}")


def unequal(first: Any, other: Any) -> bool:
    """`ne`."""
    return not equal(first, other)


def less(first: Any, other: Any) -> bool:
    """`lt`: numbers of one kind, or strings."""
    kind = _basic(first)
    if not kind or not _basic(other):
        raise GoError("invalid type for comparison")
    if kind != _basic(other):
        raise _incompatible(first, other)
    if kind in ("bool", "complex"):
        raise GoError("invalid type for comparison")
    if kind == "string" and not (first.isascii() and other.isascii()):
        return go_bytes(first) < go_bytes(other)
    return bool(first < other)


def less_or_equal(first: Any, other: Any) -> bool:
    """`le`."""
    return less(first, other) or equal(first, other)


def greater(first: Any, other: Any) -> bool:
    """`gt`."""
    return not less_or_equal(first, other)


def greater_or_equal(first: Any, other: Any) -> bool:
    """`ge`."""
    return not less(first, other)
