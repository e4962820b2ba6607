"""What a function's parameter lets through: Go's assignability, with Go's complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proxmox_mpc.charts.language import nodes
from proxmox_mpc.charts.language.go_types import ANY, ANY_MAP, ANYS, Int64, type_of

# A parameter of these types takes anything; Go's own functions declare reflect.Value.
UNCHECKED = frozenset({ANY, "reflect.Value"})

_INTEGERS = frozenset({"int", "int64", "int32", "uint8", "uint32", "uint64", "time.Duration"})


class Refused(Exception):
    """An argument that does not fit; its text is Go's. The evaluator adds the place."""


def assign(value: Any, go_type: str, interface: bool) -> Any:
    """A value as an argument of `go_type`; raises Refused.

    `interface` says that Go would hold the value in an interface {}, as it does for what it finds in maps and lists:
    a nil there is refused in other words than one that came out of a pipeline.
    """
    if go_type in UNCHECKED:
        return value
    if value is None:
        if interface:
            raise Refused(f"wrong type for value; expected {go_type}; got {ANY}")
        if go_type.startswith("[]"):
            return []
        if go_type.startswith(("*", "map[")):
            return None
        raise Refused(f"invalid value; expected {go_type}")
    found = type_of(value)
    if found == go_type:
        return value
    if go_type == ANY_MAP and found == "common.Values":
        return value
    if found == "*" + go_type:
        return value
    raise Refused(f"wrong type for value; expected {go_type}; got {found}")


def constant(node: nodes.Node, go_type: str) -> Any:
    """A literal as an argument of a type; raises Refused."""
    if go_type in UNCHECKED:
        return literal(node)
    if isinstance(node, nodes.Nil):
        if go_type.startswith(("[]", "map[", "*")):
            return [] if go_type == ANYS else None
        raise Refused(f"cannot assign nil to {go_type}")
    reader = _LITERALS.get(go_type)
    if reader is not None:
        return reader(node)
    if go_type in _INTEGERS:
        number = _integer(node)
        if go_type.startswith("uint") and number < 0:
            raise Refused(f"expected unsigned integer; found {node}")
        return number
    raise Refused(f"can't handle {node} for arg of type {go_type}")


def literal(node: nodes.Node) -> Any:
    """A literal's value where any type may stand; raises Refused."""
    if isinstance(node, nodes.String):
        return node.text
    if isinstance(node, nodes.Bool):
        return node.value
    if isinstance(node, nodes.Number):
        return ideal(node)
    return None


def ideal(node: nodes.Number) -> Any:
    """A number literal's value with the type that Go gives it; raises Refused when it is no int64."""
    if node.imaginary is not None:
        return node.imaginary
    text = node.text
    hexadecimal = text.lstrip("+-")[:2] in ("0x", "0X") and not any(letter in text for letter in "pP")
    if node.real is not None and not hexadecimal and text[0] != "'" and any(letter in text for letter in ".eEpP"):
        return node.real
    if node.whole is None or not -(1 << 63) <= node.whole < 1 << 63:
        raise Refused(f"{text} overflows int")
    return node.whole


def _integer(node: nodes.Node) -> int:
    if isinstance(node, nodes.Number) and node.whole is not None:
        return Int64(node.whole)
    raise Refused(f"expected integer; found {node}")


def _int(node: nodes.Node) -> int:
    return int(_integer(node))


def _float(node: nodes.Node) -> float:
    if isinstance(node, nodes.Number) and node.real is not None:
        return node.real
    raise Refused(f"expected float; found {node}")


def _string(node: nodes.Node) -> str:
    if isinstance(node, nodes.String):
        return node.text
    raise Refused(f"expected string; found {node}")


def _bool(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Bool):
        return node.value
    raise Refused(f"expected bool; found {node}")


_LITERALS: dict[str, Callable[[nodes.Node], Any]] = {
    "string": _string,
    "int": _int,
    "bool": _bool,
    "float64": _float,
}
