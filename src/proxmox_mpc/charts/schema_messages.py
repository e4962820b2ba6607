"""One thing that is wrong with one value, as santhosh-tekuri/jsonschema 6 says it in English in Helm 4.2.3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from proxmox_mpc.charts.language.printing import float_text
from proxmox_mpc.charts.language.quoting import quote

_TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIZES = ("minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
# What is found first in a value that is nothing like the format. Only JSON Schema up to draft 7 asks for formats.
_FORMATS = {
    "date": 'parsing time {0} as "2006-01-02": cannot parse {0} as "2006"',
    "date-time": "less than 20 characters long",
    "duration": "must start with P",
    "email": "missing @",
    "hostname": "invalid character ' '",
    "ipv4": "expected four decimals",
    "ipv6": "missing colon",
    "time": "less than 9 characters long",
    "uri": "relative url",
    "uuid": "must have 5 elements",
}


class Written(str):
    """A number of a schema as it was written."""

    __slots__ = ()


def message(error: Any, wanted: Any, value: Any) -> str:
    """What an error of jsonschema-rs says of a value; `wanted` is what the schema says at its keyword."""
    path = error.evaluation_path
    keyword = str(path[-1]) if path else ""
    kind = error.kind
    if keyword == "type":
        return f"got {_type(value)}, want {' or '.join(one for one in _TYPES if one in kind.types)}"
    if keyword == "const":
        wanted = kind.expected_value if wanted is None else wanted
        return "'const' failed" if isinstance(wanted, (list, dict)) else f"value must be {display(wanted)}"
    if keyword == "enum":
        return _one_of(wanted if isinstance(wanted, list) else kind.options)
    if keyword == "format":
        return f"{display(value)} is not valid {kind.format}: {_reason(kind.format, str(value))}"
    if keyword in _SIZES:
        return f"{keyword}: got {english(len(value))}, want {english(int(float(kind.limit)))}"
    if keyword in _BOUNDS:
        limit = kind.multiple_of if keyword == "multipleOf" else kind.limit
        return f"{keyword}: got {english(float(value))}, want {english(float(limit))}"
    if keyword == "required":
        return missing([kind.property])
    if keyword == "pattern":
        return f"{quoted(value)} does not match pattern {quoted(kind.pattern)}"
    if keyword == "uniqueItems":
        first, second = _equal(value)
        return f"items at {english(first)} and {english(second)} are equal"
    if keyword == "additionalProperties":
        # Where a schema allows no properties at all, jsonschema-rs does not name them.
        names = sorted(getattr(kind, "unexpected", value))
        return f"additional properties {', '.join(map(quoted, names))} not allowed"
    if keyword == "additionalItems":
        return f"last {english(len(value) - kind.limit)} additionalItem(s) not allowed"
    if keyword == "not":
        return "'not' failed"
    return str(error.message)


def missing(names: Sequence[str]) -> str:
    """Properties that are not there."""
    return f"missing propert{'y' if len(names) == 1 else 'ies'} {', '.join(map(quoted, names))}"


def quoted(text: str) -> str:
    """A text between single quotes."""
    inner = quote(text)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def display(value: Any) -> str:
    """A value that is no list and no map."""
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


def english(number: float) -> str:
    """A number as golang.org/x/text prints it: 12,345 and, of floats from a million on, 1.5×10⁰⁶."""
    text = str(number) if isinstance(number, int) else float_text(number)
    mantissa, power, exponent = text.partition("e")
    whole, point, fraction = mantissa.partition(".")
    shown = f"{int(whole):,}" if abs(int(whole)) >= 1000 else whole
    return shown + point + fraction + (f"×10{exponent.lstrip('+').translate(_SUPERSCRIPTS)}" if power else "")


def _reason(form: str, text: str) -> str:
    if form == "regex":
        from proxmox_mpc.charts.functions.patterns import PatternError, compiled

        try:
            compiled(text)
        except PatternError as error:
            return str(error)
    return _FORMATS.get(form, "it has another form").format(quote(text))


def _one_of(options: Sequence[Any]) -> str:
    if any(isinstance(option, (list, dict)) for option in options):
        return "'enum' failed"
    return f"value must be {'one of ' if len(options) > 1 else ''}{', '.join(map(display, options))}"


def _type(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


def _equal(items: Sequence[Any]) -> tuple[int, int]:
    """The first item that was there before, and where."""
    seen: dict[str, int] = {}
    for place, item in enumerate(items):
        text = json.dumps(_floats(item), sort_keys=True)
        if text in seen:
            return seen[text], place
        seen[text] = place
    return 0, 0


def _floats(value: Any) -> Any:
    """1 and 1.0 are one number; true is none."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
