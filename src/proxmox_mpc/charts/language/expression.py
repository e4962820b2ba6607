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
    """

    value: Value
    last: Node
    interface: bool = False
