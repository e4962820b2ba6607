"""A compiled expression: what it evaluates to, and what Go would know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.charts.language.nodes import Node
from proxmox_mpc.charts.language.state import State

Value = Callable[[State, list[Any], Any], Any]


@dataclass(slots=True)
class Expression:
    """`last` is the node that Go has evaluated last when this succeeded; errors that follow name it.

    `interface` says that Go holds the value in an interface {}: it came out of a map or list, through no pipeline.
    `origin` is the value whose field it is, where that is in none itself: fields of nothing are nothing.
    """

    value: Value
    last: Node
    interface: bool = False
    origin: Value | None = None

    def held(self, result: Any, state: State, variables: list[Any], dot: Any) -> bool:
        """Whether Go holds this result in an interface {}; what it says of a nil depends on that."""
        if not self.interface or result is not None or self.origin is None:
            return self.interface
        return self.origin(state, variables, dot) is not None
