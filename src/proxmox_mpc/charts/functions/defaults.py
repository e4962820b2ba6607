"""Functions on what may be missing: defaults, the first that is there, one or the other."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.language.function import Functions
from proxmox_mpc.charts.language.go_types import Struct

DEFAULTS = Functions()


@DEFAULTS.function("empty", takes="interface {}")
def empty(value: Any) -> bool:
    """nil, false, 0, and what has no elements; a struct never is."""
    return False if isinstance(value, Struct) else not value


@DEFAULTS.function("default", takes="interface {}, ...interface {}")
def default(otherwise: Any, *given: Any) -> Any:
    return otherwise if not given or empty(given[0]) else given[0]


@DEFAULTS.function("coalesce", takes="...interface {}")
def coalesce(*values: Any) -> Any:
    return next((value for value in values if not empty(value)), None)


@DEFAULTS.function("all", takes="...interface {}")
def all_of(*values: Any) -> bool:
    return not any(map(empty, values))


@DEFAULTS.function("any", takes="...interface {}")
def any_of(*values: Any) -> bool:
    return not all(map(empty, values))


@DEFAULTS.function("ternary", takes="interface {}, interface {}, bool")
def ternary(when_true: Any, when_false: Any, condition: bool) -> Any:
    return when_true if condition else when_false
