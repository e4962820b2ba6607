"""How Go prints values by default: `fmt.Sprint` and `%v`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from proxmox_mpc.charts.language.go_types import Sized, Struct

# Go's %v writes floats of this exponent and above with an exponent; see the oracle's `{{ 1000000.0 }}`.
EXPONENT_FROM = 6


def digits_of(number: float) -> tuple[str, int]:
    """The shortest digits that give a finite positive float back, and where its point stands: 0.015 is ("15", -1)."""
    if number == 0:
        return "0", 1
    _sign, digits, exponent = Decimal(repr(number)).as_tuple()
    text = "".join(map(str, digits))
    shorter = text.rstrip("0") or "0"
    return shorter, int(exponent) + len(text)


def exponential(digits: str, point: int, letter: str = "e") -> str:
    """Digits in Go's exponent form: at least two digits of exponent."""
    exponent = point - 1
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def positional(digits: str, point: int) -> str:
    """Digits with a point where it belongs, without an exponent."""
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return digits[:point] + "." + digits[point:]


def float_text(number: float) -> str:
    """A float64 as `%v` prints it: 5, 1.5, 1e+06, +Inf, NaN."""
    if -1e6 < number < 1e6 and number == (whole := int(number)) and (whole or str(number)[0] != "-"):
        return str(whole)
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "+Inf" if number > 0 else "-Inf"
    sign = "-" if str(number)[0] == "-" else ""
    digits, point = digits_of(abs(number))
    if point - 1 < -4 or point - 1 >= EXPONENT_FROM:
        return sign + exponential(digits, point)
    return sign + positional(digits, point)


def text_of(value: Any) -> str:
    """A value as `fmt.Sprint` prints it alone; nil is `<nil>`."""
    kind = type(value)
    if kind is str:
        return str(value)
    printer = _PRINTERS.get(kind)
    if printer is not None:
        return printer(value)
    return _other(value)


def sprint(values: Iterable[Any]) -> str:
    """Several values as `fmt.Sprint` prints them: a space between two of which none is a string."""
    parts: list[str] = []
    before: Any = ""
    for value in values:
        if parts and not isinstance(before, str) and not isinstance(value, str):
            parts.append(" ")
        parts.append(text_of(value))
        before = value
    return "".join(parts)


def sprintln(values: Iterable[Any]) -> str:
    """Several values as `fmt.Sprintln` prints them: spaces between, a line end after."""
    return " ".join(map(text_of, values)) + "\n"


def _list_text(items: list[Any]) -> str:
    return "[" + " ".join([text_of(item) for item in items]) + "]"


def _map_text(entries: dict[str, Any]) -> str:
    return "map[" + " ".join([f"{key}:{text_of(entries[key])}" for key in sorted_keys(entries)]) + "]"


def sorted_keys(entries: dict[str, Any]) -> list[str]:
    """A map's keys in Go's order: by their bytes."""
    # The order of code points is the order of UTF-8's bytes; only broken bytes (surrogates) would stand elsewhere.
    return sorted(entries)


def _other(value: Any) -> str:
    if isinstance(value, Struct):
        return str(value)
    if isinstance(value, Sized):
        return str(int(value)) if type(value).__str__ is int.__str__ else str(value)
    if isinstance(value, dict):
        return _map_text(value)
    if isinstance(value, list):
        return _list_text(value)
    return str(value)


def _complex_text(number: complex) -> str:
    imaginary = float_text(number.imag)
    return f"({float_text(number.real)}{'' if imaginary[0] in '+-' else '+'}{imaginary}i)"


_PRINTERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _nil: "<nil>",
    bool: lambda value: "true" if value else "false",
    int: str,
    float: float_text,
    list: _list_text,
    dict: _map_text,
    bytes: lambda raw: "[" + " ".join(map(str, raw)) + "]",
    complex: _complex_text,
}
