"""The functions that Go's text/template has by itself. `and` and `or` are the compiler's: they may leave arguments out.

Sprig's `slice` takes the place of Go's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from proxmox_mpc.charts.language import comparing
from proxmox_mpc.charts.language.formatting import sprintf
from proxmox_mpc.charts.language.function import Functions, GoError, affordable
from proxmox_mpc.charts.language.go_types import ANY, Map, Uint8, go_bytes, type_of
from proxmox_mpc.charts.language.printing import sprint, sprintln, text_of

BUILTINS = Functions()
_REFLECT = "reflect.Value"

BUILTINS.function("eq", takes=f"{_REFLECT}, ...{_REFLECT}")(comparing.equal)
BUILTINS.function("ne", takes=f"{_REFLECT}, {_REFLECT}")(comparing.unequal)
BUILTINS.function("lt", takes=f"{_REFLECT}, {_REFLECT}")(comparing.less)
BUILTINS.function("le", takes=f"{_REFLECT}, {_REFLECT}")(comparing.less_or_equal)
BUILTINS.function("gt", takes=f"{_REFLECT}, {_REFLECT}")(comparing.greater)
BUILTINS.function("ge", takes=f"{_REFLECT}, {_REFLECT}")(comparing.greater_or_equal)


@BUILTINS.function("and", takes=f"{_REFLECT}, ...{_REFLECT}")
def both(first: Any, *others: Any) -> Any:
    """The first empty argument, or the last one."""
    for value in (first, *others):
        if not value:
            return value
    return (first, *others)[-1]


@BUILTINS.function("or", takes=f"{_REFLECT}, ...{_REFLECT}")
def either(first: Any, *others: Any) -> Any:
    """The first argument that is not empty, or the last one."""
    for value in (first, *others):
        if value:
            return value
    return (first, *others)[-1]


@BUILTINS.function("not", takes=_REFLECT)
def negation(value: Any) -> bool:
    """Whether a value is empty."""
    return not value


def _weigh(values: tuple[Any, ...]) -> None:
    """Refuse to join what would be too much; only strings can be big without having been weighed."""
    affordable(sum(len(value) for value in values if type(value) is str))


@BUILTINS.function("print", takes=f"...{ANY}")
def print_(*values: Any) -> str:
    """Values one after another."""
    _weigh(values)
    return sprint(values)


@BUILTINS.function("println", takes=f"...{ANY}")
def println(*values: Any) -> str:
    """Values with spaces between and a line end."""
    _weigh(values)
    return sprintln(values)


@BUILTINS.function("printf", takes=f"string, ...{ANY}")
def printf(pattern: str, *values: Any) -> str:
    """Values in a pattern of Go's verbs."""
    _weigh(values)
    return sprintf(pattern, values)


@BUILTINS.function("len", takes=_REFLECT)
def length(value: Any, held: bool = False) -> int:
    """Of a string in bytes, of a list or map in elements; of a nil `held` in an interface Go has other words."""
    if type(value) is str:
        return len(value) if value.isascii() else len(go_bytes(value))
    if isinstance(value, list | dict | bytes):
        return len(value)
    if value is None:
        raise GoError("len of nil pointer" if held else "reflect: call of reflect.Value.Type on zero Value")
    raise GoError(f"len of type {type_of(value)}")


@BUILTINS.function("index", takes=f"{_REFLECT}, ...{_REFLECT}")
def index(value: Any, *places: Any) -> Any:
    """What stands in a list or map under one index after another."""
    if value is None:
        raise GoError("index of untyped nil")
    for place in places:
        if value is None:
            raise GoError("index of nil pointer")
        if isinstance(value, dict):
            value = _entry(value, place)
        elif isinstance(value, list | str | bytes):
            value = _element(value, place)
        else:
            raise GoError(f"can't index item of type {type_of(value)}")
    return value


def _entry(entries: dict[str, Any], key: Any) -> Any:
    if key is None:
        raise GoError("value is nil; should be of type string")
    if type(key) is not str:
        raise GoError(f"value has type {type_of(key)}; should be string")
    return entries.get(key, zero_of(entries))


_ZEROS: dict[str, Any] = {"map[string]string": "", "engine.files": b""}


def zero_of(entries: dict[str, Any]) -> Any:
    """What a map has for a key that is not there: the zero value of its elements' type."""
    if type(entries) is dict or not isinstance(entries, Map):
        return None
    return _ZEROS.get(entries.go_type)


def _element(items: Any, place: Any) -> Any:
    if place is None:
        raise GoError("cannot index slice/array with nil")
    if not isinstance(place, int) or isinstance(place, bool):
        raise GoError(f"cannot index slice/array with type {type_of(place)}")
    raw = go_bytes(items) if type(items) is str else items
    if place < 0 or place > len(raw):
        raise GoError(f"index out of range: {place}")
    if place == len(raw):
        kind = "string" if type(items) is str else "slice"
        raise GoError(f"reflect: {kind} index out of range")
    return Uint8(raw[place]) if isinstance(raw, bytes) else raw[place]


@BUILTINS.function("call", takes=f"{_REFLECT}, ...{_REFLECT}")
def call(value: Any, *_arguments: Any) -> Any:
    """Call a function value; no value that a chart can reach is one."""
    if value is None:
        raise GoError("call of nil")
    raise GoError(f"non-function {text_of(value)} of type {type_of(value)}")


def _joined(values: tuple[Any, ...]) -> str:
    if len(values) == 1 and type(values[0]) is str:
        return values[0]
    _weigh(values)
    return sprint("<no value>" if value is None else value for value in values)


_HTML = str.maketrans({"\0": "�", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SCRIPT = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


@BUILTINS.function("html", takes=f"...{ANY}")
def html(*values: Any) -> str:
    """Text with HTML's special characters escaped."""
    return _joined(values).translate(_HTML)


@BUILTINS.function("js", takes=f"...{ANY}")
def js(*values: Any) -> str:
    """Text as it may stand in a JavaScript string."""
    return "".join(map(_script_escaped, _joined(values)))


def _script_escaped(letter: str) -> str:
    found = _SCRIPT.get(letter)
    if found is not None:
        return found
    code = ord(letter)
    if code < 0x20 or (code >= 0x80 and not letter.isprintable()):
        return f"\\u{code:04X}"
    return letter


@BUILTINS.function("urlquery", takes=f"...{ANY}")
def urlquery(*values: Any) -> str:
    """Text as it may stand in a URL's query."""
    return quote_plus(go_bytes(_joined(values)), safe="-_.~")
