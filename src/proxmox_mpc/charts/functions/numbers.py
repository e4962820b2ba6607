"""Arithmetic on whole numbers, in 64 bits that overflow as Go's do."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.charts.functions.casting import MAX_INT64, MIN_INT64, floating, integer, wrapped
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import Int64
from proxmox_mpc.charts.language.printing import text_of

NUMBERS = Functions()


@NUMBERS.function("int", takes="interface {}")
def to_int(value: Any) -> int:
    return integer(value)


@NUMBERS.function("int64", takes="interface {}")
def to_int64(value: Any) -> Int64:
    return Int64(integer(value))


@NUMBERS.function("float64", takes="interface {}")
def to_float64(value: Any) -> float:
    return floating(value)


@NUMBERS.function("atoi", takes="string")
def atoi(text: str) -> int:
    """A decimal number; what is none is 0, what is too big the biggest."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        return 0
    if len(text) > 4000:  # Python refuses to read much longer ones
        return MIN_INT64 if text[0] == "-" else MAX_INT64
    return max(MIN_INT64, min(MAX_INT64, int(text)))


@NUMBERS.function("toDecimal", takes="interface {}")
def to_decimal(value: Any) -> Int64:
    """A number that is written in octal digits, such as a file's mode."""
    text = text_of(value)
    number = int(text, 8) if re.fullmatch(r"[+-]?[0-7]+", text) else 0
    return Int64(number if MIN_INT64 <= number <= MAX_INT64 else 0)


@NUMBERS.function("add", takes="...interface {}")
def add(*values: Any) -> Int64:
    return Int64(wrapped(sum(map(integer, values))))


@NUMBERS.function("add1", takes="interface {}")
def add1(value: Any) -> Int64:
    return Int64(wrapped(integer(value) + 1))


@NUMBERS.function("sub", takes="interface {}, interface {}")
def sub(one: Any, other: Any) -> Int64:
    return Int64(wrapped(integer(one) - integer(other)))


@NUMBERS.function("mul", takes="interface {}, ...interface {}")
def mul(value: Any, *factors: Any) -> Int64:
    product = integer(value)
    for factor in factors:
        product = wrapped(product * integer(factor))
    return Int64(product)


@NUMBERS.function("div", takes="interface {}, interface {}")
def div(one: Any, other: Any) -> Int64:
    return Int64(wrapped(_quotient(integer(one), integer(other))))


@NUMBERS.function("mod", takes="interface {}, interface {}")
def mod(one: Any, other: Any) -> Int64:
    dividend, divisor = integer(one), integer(other)
    return Int64(dividend - divisor * _quotient(dividend, divisor))


def _quotient(dividend: int, divisor: int) -> int:
    """Division that cuts towards zero, where Python's goes down."""
    if divisor == 0:
        raise GoError("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


@NUMBERS.function("max", "biggest", takes="interface {}, ...interface {}")
def biggest(value: Any, *others: Any) -> Int64:
    return Int64(max(map(integer, (value, *others))))


@NUMBERS.function("min", takes="interface {}, ...interface {}")
def smallest(value: Any, *others: Any) -> Int64:
    return Int64(min(map(integer, (value, *others))))
