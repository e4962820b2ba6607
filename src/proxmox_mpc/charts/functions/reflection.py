"""Functions on what a value is: its Go type, its kind, and copies of it."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.functions.comparing import same
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import kind_of, type_of

REFLECTION = Functions()


@REFLECTION.function("typeOf", takes="interface {}")
def type_name(value: Any) -> str:
    return type_of(value)


@REFLECTION.function("typeIs", takes="string, interface {}")
def type_is(name: str, value: Any) -> bool:
    return type_of(value) == name


@REFLECTION.function("typeIsLike", takes="string, interface {}")
def type_is_like(name: str, value: Any) -> bool:
    """Of the type, or a pointer to one of it."""
    return type_of(value) in (name, f"*{name}")


@REFLECTION.function("kindOf", takes="interface {}")
def kind_name(value: Any) -> str:
    return kind_of(value)


@REFLECTION.function("kindIs", takes="string, interface {}")
def kind_is(name: str, value: Any) -> bool:
    return kind_of(value) == name


@REFLECTION.function("deepEqual", takes="interface {}, interface {}")
def deep_equal(one: Any, other: Any) -> bool:
    return same(one, other)


@REFLECTION.function("deepCopy", "mustDeepCopy", takes="interface {}")
def deep_copy(value: Any) -> Any:
    if value is None:
        raise GoError("reflect: call of reflect.Value.Type on zero Value")
    return _copied(value)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return type(value)((key, _copied(entry)) for key, entry in value.items())
    if isinstance(value, list):
        return type(value)(_copied(item) for item in value)
    return value
