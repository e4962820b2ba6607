"""Arithmetic on decimal numbers: exact sums of what is written, rounding, and float64's extremes."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from proxmox_mpc.charts.functions.casting import floating
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.printing import text_of

FLOATS = Functions()

# Sums and products are exact: no two float64s differ by more digits than this.
_EXACT = Context(prec=1_000_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
# A quotient has this many decimals (shopspring/decimal's DivisionPrecision), rounded half away from zero.
_QUOTIENT_DECIMALS = 16


def _decimal(value: Any) -> Decimal:
    number = floating(value)
    if not math.isfinite(number):
        raise GoError(f"Cannot create a Decimal from {text_of(number)}")
    return Decimal(repr(number))


def _folded(values: tuple[Any, ...], operation: Callable[[Decimal, Decimal], Decimal]) -> float:
    result = _decimal(values[0])
    for value in values[1:]:
        result = operation(result, _decimal(value))
    return float(result) + 0.0  # a Decimal's -0 is 0


@FLOATS.function("addf", takes="...interface {}")
def addf(*values: Any) -> float:
    return _folded((0.0, *values), _EXACT.add)


@FLOATS.function("add1f", takes="interface {}")
def add1f(value: Any) -> float:
    return _folded((value, 1), _EXACT.add)


@FLOATS.function("subf", takes="interface {}, ...interface {}")
def subf(value: Any, *others: Any) -> float:
    return _folded((value, *others), _EXACT.subtract)


@FLOATS.function("mulf", takes="interface {}, ...interface {}")
def mulf(value: Any, *others: Any) -> float:
    return _folded((value, *others), _EXACT.multiply)


@FLOATS.function("divf", takes="interface {}, ...interface {}")
def divf(value: Any, *others: Any) -> float:
    return _folded((value, *others), _divided)


def _divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    if not divisor:
        raise GoError("decimal division by 0")
    numerator, denominator = dividend.as_integer_ratio()
    by, of = divisor.as_integer_ratio()
    numerator, denominator = abs(numerator * of) * 10**_QUOTIENT_DECIMALS, denominator * abs(by)
    quotient = Decimal((2 * numerator + denominator) // (2 * denominator)).scaleb(-_QUOTIENT_DECIMALS, _EXACT)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


@FLOATS.function("maxf", takes="interface {}, ...interface {}")
def maxf(value: Any, *others: Any) -> float:
    return _extreme(max, value, others)


@FLOATS.function("minf", takes="interface {}, ...interface {}")
def minf(value: Any, *others: Any) -> float:
    return _extreme(min, value, others)


def _extreme(choose: Callable[[float, float], float], value: Any, others: tuple[Any, ...]) -> float:
    result = floating(value)
    bound = choose(math.inf, -math.inf)
    for other in map(floating, others):
        if bound in (result, other):  # infinity comes before NaN
            result = bound
        elif math.isnan(result) or math.isnan(other):
            result = math.nan
        elif result == other == 0:
            result = choose(math.copysign(1, result), math.copysign(1, other)) * 0.0
        else:
            result = choose(result, other)
    return result


@FLOATS.function("floor", takes="interface {}")
def floor(value: Any) -> float:
    return _whole(math.floor, floating(value))


@FLOATS.function("ceil", takes="interface {}")
def ceil(value: Any) -> float:
    return _whole(math.ceil, floating(value))


def _whole(rounded: Callable[[float], int], number: float) -> float:
    return math.copysign(float(rounded(number)), number) if math.isfinite(number) else number


@FLOATS.function("round", takes="interface {}, int, ...float64")
def round_to(value: Any, places: int, *up_from: float) -> float:
    """A number with so many decimals; what is left over is rounded up from `up_from` on, a half unless it is given."""
    try:
        power = 10.0**places
    except OverflowError:
        power = math.inf
    scaled = power * floating(value)
    fraction = math.modf(scaled)[0] if math.isfinite(scaled) else math.nan
    result = _whole(math.ceil if fraction >= (up_from[0] if up_from else 0.5) else math.floor, scaled)
    if power == 0:
        return math.nan if result == 0 or math.isnan(result) else math.copysign(math.inf, result)
    return result / power
