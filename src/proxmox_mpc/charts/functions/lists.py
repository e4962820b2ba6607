"""Functions on lists. None changes its argument: what they return is a new list."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from proxmox_mpc.charts.functions.casting import integer, string, strings
from proxmox_mpc.charts.functions.comparing import identity
from proxmox_mpc.charts.functions.defaults import empty
from proxmox_mpc.charts.language.function import Functions, GoError, affordable
from proxmox_mpc.charts.language.go_types import Ints, Lists, NilList, Slice, Strings, Uint8, kind_of

LISTS = Functions()

# What a number in a list takes of memory.
_NUMBER_BYTES = 32
# What Go says when Sprig asks nil for its type.
NIL_POINTER = "runtime error: invalid memory address or nil pointer dereference"


def _items(value: Any, refusal: str) -> list[Any]:
    """The elements of a slice of any type; `refusal` is Sprig's message, with the value's kind to be put in."""
    if isinstance(value, list):
        return value
    if type(value) is bytes:
        return [Uint8(number) for number in value]
    if value is None:
        raise GoError(NIL_POINTER)
    raise GoError(refusal.format(kind_of(value)))


@LISTS.function("list", "tuple", takes="...interface {}")
def list_of(*items: Any) -> list[Any]:
    return list(items)


@LISTS.function("append", "push", "mustAppend", "mustPush", takes="interface {}, interface {}")
def append(values: Any, item: Any) -> list[Any]:
    return [*_items(values, "Cannot push on type {}"), item]


@LISTS.function("prepend", "mustPrepend", takes="interface {}, interface {}")
def prepend(values: Any, item: Any) -> list[Any]:
    return [item, *_items(values, "Cannot prepend on type {}")]


@LISTS.function("concat", takes="...interface {}")
def concat(*lists: Any) -> list[Any]:
    joined: list[Any] = NilList()
    for values in lists:
        items = _items(values, "Cannot concat type {} as list")
        joined = [*joined, *items] if items else joined
    return joined


@LISTS.function("first", "mustFirst", takes="interface {}")
def first(values: Any) -> Any:
    items = _items(values, "Cannot find first on type {}")
    return items[0] if items else None


@LISTS.function("last", "mustLast", takes="interface {}")
def last(values: Any) -> Any:
    items = _items(values, "Cannot find last on type {}")
    return items[-1] if items else None


@LISTS.function("rest", "mustRest", takes="interface {}")
def rest(values: Any) -> list[Any]:
    items = _items(values, "Cannot find rest on type {}")
    return list(items[1:]) if items else NilList()


@LISTS.function("initial", "mustInitial", takes="interface {}")
def initial(values: Any) -> list[Any]:
    items = _items(values, "Cannot find initial on type {}")
    return list(items[:-1]) if items else NilList()


@LISTS.function("reverse", "mustReverse", takes="interface {}")
def reverse(values: Any) -> list[Any]:
    return list(_items(values, "Cannot find reverse on type {}")[::-1])


@LISTS.function("compact", "mustCompact", takes="interface {}")
def compact(values: Any) -> list[Any]:
    return [item for item in _items(values, "Cannot compact on type {}") if not empty(item)]


@LISTS.function("uniq", "mustUniq", takes="interface {}")
def uniq(values: Any) -> list[Any]:
    found: dict[Hashable, Any] = {}
    for item in _items(values, "Cannot find uniq on type {}"):
        found.setdefault(identity(item), item)
    return list(found.values())


@LISTS.function("without", "mustWithout", takes="interface {}, ...interface {}")
def without(values: Any, *omitted: Any) -> list[Any]:
    items = _items(values, "Cannot find without on type {}")
    left_out = {identity(item) for item in omitted}
    return [item for item in items if identity(item) not in left_out]


@LISTS.function("has", "mustHas", takes="interface {}, interface {}")
def has(needle: Any, values: Any) -> bool:
    if values is None:
        return False
    items = _items(values, "Cannot find has on type {}")
    sought, kind = identity(needle), type(needle)
    return any(type(item) is kind and identity(item) == sought for item in items)


@LISTS.function("slice", "mustSlice", takes="interface {}, ...interface {}")
def slice_of(values: Any, *indices: Any) -> Any:
    """Elements from one index to another; here, unlike elsewhere, the result has the list's own type."""
    items = _items(values, "list should be type of slice or array but {}")
    if not items:
        return None
    start = integer(indices[0]) if indices else 0
    end = integer(indices[1]) if len(indices) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise GoError("reflect.Value.Slice: slice index out of bounds")
    if type(values) is bytes:
        return values[start:end]
    part = items[start:end]
    return type(values)(part) if isinstance(values, Slice) else part


@LISTS.function("chunk", "mustChunk", takes="int, interface {}")
def chunk(size: int, values: Any) -> Lists:
    items = _items(values, "Cannot chunk type {}")
    if size == 0:
        raise GoError("runtime error: makeslice: len out of range")
    if size < 0:
        return Lists()
    return Lists([list(items[start : start + size]) for start in range(0, len(items), size)])


@LISTS.function("sortAlpha", takes="interface {}")
def sort_alpha(values: Any) -> Strings:
    """The elements as text, in the order of their bytes, which is that of their code points."""
    if isinstance(values, list):
        return Strings(sorted(strings(values)))
    return Strings([string(values)])


@LISTS.function("until", takes="int")
def until(count: int) -> Ints:
    return until_step(0, count, -1 if count < 0 else 1)


@LISTS.function("untilStep", takes="int, int, int")
def until_step(start: int, stop: int, step: int) -> Ints:
    if step == 0 or (stop < start) != (step < 0):
        return Ints()
    affordable(abs(stop - start) // abs(step) * _NUMBER_BYTES)
    return Ints(range(start, stop, step))


@LISTS.function("seq", takes="...int")
def seq(*parameters: int) -> str:
    """Numbers as the program `seq` counts: up to one parameter, from one to another, or by steps between them."""
    match parameters:
        case (end,):
            start, step = 1, -1 if end < 1 else 1
        case (start, end):
            step = -1 if end < start else 1
        case (start, step, end) if end >= start or step <= 0:
            pass
        case _:
            return ""
    return " ".join(map(str, until_step(start, end + (-1 if end < start else 1), step)))
