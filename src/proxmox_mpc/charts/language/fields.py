"""`.a.b.c`: what Go finds under a name, in maps, structs and methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.charts.language.builtins import zero_of
from proxmox_mpc.charts.language.function import Function, GoError, TooMuch
from proxmox_mpc.charts.language.go_types import ANY, ANY_MAP, Struct, Values, type_of


class NoField(Exception):
    """A field that cannot be evaluated; its text is Go's. The evaluator adds the place."""


class MethodFailed(Exception):
    """A method that returned an error, which is its `__cause__`."""


def field_of(receiver: Any, name: str, interface: bool, has_arguments: bool = False) -> tuple[Any, bool]:
    """The value under a name, and whether Go would hold it in an interface {}; a method is called without arguments.

    Where the field `has_arguments`, no method was found that takes them, which is what the error says.
    """
    if receiver is None:
        if interface:
            raise NoField(f"nil pointer evaluating {ANY}.{name}")
        return None, False
    method = method_of(receiver, name)
    if method is not None:
        counted(method, 0)
        return called(method, receiver, ()), False
    if isinstance(receiver, dict):
        if has_arguments:
            raise NoField(f"{name} is not a method but has arguments")
        found = receiver.get(name, _MISSING)
        if found is _MISSING:
            found = zero_of(receiver)
        return found, type(receiver) is dict or isinstance(receiver, Values) or type_of(receiver) == ANY_MAP
    if isinstance(receiver, Struct) and name in receiver.fields:
        if has_arguments:
            raise NoField(f"{name} has arguments but cannot be invoked as function")
        return receiver.fields[name], False
    raise NoField(f"can't evaluate field {name} in type {ANY if interface else type_of(receiver)}")


_MISSING = object()


def method_of(receiver: Any, name: str) -> Function | None:
    """The method of a name, which comes before keys and fields."""
    methods = getattr(receiver, "methods", None)
    return None if methods is None else methods.get(name)


def counted(method: Function, given: int) -> None:
    """Raises NoField, where a method takes another number of arguments."""
    wanted = len(method.parameters)
    if method.variadic:
        if given < wanted - 1:
            raise NoField(f"wrong number of args for {method.name}: want at least {wanted - 1} got {given}")
    elif given != wanted:
        raise NoField(f"wrong number of args for {method.name}: want {wanted} got {given}")


def called(method: Function, receiver: Any, arguments: Sequence[Any]) -> Any:
    """What a method answers; raises MethodFailed."""
    try:
        return method.call(receiver, *arguments)
    except TooMuch:
        raise
    except GoError as error:
        raise MethodFailed from error
