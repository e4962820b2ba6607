"""JSON as Go's encoding/json reads and writes it (Go 1.26)."""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

from proxmox_mpc.charts.language.function import GoError, TooMuch
from proxmox_mpc.charts.language.go_types import NilList, NilStrings, Struct, go_bytes, type_of
from proxmox_mpc.charts.language.printing import digits_of, exponential, float_text, positional

_ESCAPED = re.compile(r'["\\<>&\x00-\x1f\u2028\u2029\ud800-\udfff]')
_ESCAPED_RAW = re.compile(r'["\\\x00-\x1f\u2028\u2029\ud800-\udfff]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
# Below this and from this on, Go writes a float with an exponent.
_SMALL, _LARGE = 1e-6, 1e21
# No chart nests 30 deep; a map that a template puts into itself would take all memory for its indentation.
MAX_DEPTH = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    letter = match.group()
    named = _NAMED.get(letter)
    if named is not None:
        return named
    return "\\ufffd" if "\ud800" <= letter <= "\udfff" else f"\\u{ord(letter):04x}"


def json_string(text: str, *, html: bool = True) -> str:
    """A string between its quotes; with `html` also `<`, `>` and `&` are escaped."""
    return '"' + (_ESCAPED if html else _ESCAPED_RAW).sub(_escape, text) + '"'


def json_number(number: float) -> str:
    """A float64 as short as it can be: 5, 0.1, 1e+21, 1e-7."""
    if number == (whole := int(number) if math.isfinite(number) else None) and abs(number) < 1e16:
        return "-0" if whole == 0 and str(number)[0] == "-" else str(whole)
    if whole is None:
        raise GoError(f"json: unsupported value: {float_text(number)}")
    digits, point = digits_of(abs(number))
    sign = "-" if number < 0 else ""
    if _SMALL <= abs(number) < _LARGE:
        return sign + positional(digits, point)
    return sign + exponential(digits, point).replace("e-0", "e-")


def write_json(value: Any, *, html: bool = True, indent: str = "") -> str:
    """A value as JSON, its maps' keys sorted; with `indent` one entry a line."""
    try:
        return _Writer(html, indent).text(value, "\n")
    except RecursionError:
        raise too_deep(value) from None


class _Writer:
    def __init__(self, html: bool, indent: str) -> None:
        self.html = html
        self.indent = indent

    def text(self, value: Any, line: str) -> str:
        """`line` is the line end with the indentation of what holds the value."""
        kind = type(value)
        if kind is str:
            return json_string(value, html=self.html)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if kind is float:
            return json_number(value)
        if isinstance(value, dict):
            return self.entries([(key, value[key]) for key in sorted(value)], line)
        if kind is NilList or kind is NilStrings:
            return "null"
        if isinstance(value, list):
            inside = line + self.indent
            return self.around("[", [self.text(item, inside) for item in value], "]", line)
        if kind is bytes:
            return f'"{base64.b64encode(value).decode()}"'
        if isinstance(value, Struct):
            form = value.json_form()
            return self.entries(list(form.items()), line) if isinstance(form, dict) else self.text(form, line)
        raise GoError(f"json: unsupported type: {type_of(value)}")

    def entries(self, pairs: list[tuple[str, Any]], line: str) -> str:
        inside = line + self.indent
        if len(inside) > 2 * MAX_DEPTH:
            raise RecursionError
        colon = ": " if self.indent else ":"
        parts = [json_string(key, html=self.html) + colon + self.text(value, inside) for key, value in pairs]
        return self.around("{", parts, "}", line)

    def around(self, opening: str, parts: list[str], closing: str, line: str) -> str:
        if not self.indent or not parts:
            return opening + ",".join(parts) + closing
        inside = line + self.indent
        return opening + inside + ("," + inside).join(parts) + line + closing


def too_deep(value: Any) -> GoError:
    """What is wrong with a value that could not be walked: it holds itself, or nests deeper than anything should."""
    above: set[int] = set()
    stack: list[tuple[Any, bool]] = [(value, True)]
    while stack:
        item, entering = stack.pop()
        if not entering:
            above.discard(id(item))
            continue
        if not isinstance(item, (dict, list)):
            continue
        if id(item) in above:
            return GoError(f"json: unsupported value: encountered a cycle via {type_of(item)}")
        above.add(id(item))
        stack.append((item, False))
        stack.extend((part, True) for part in (item.values() if isinstance(item, dict) else item))
    return TooMuch("a value is nested too deeply")


def read_json(text: str) -> Any:
    """What a JSON text says: numbers are floats, of two equal keys the last one wins. Raises GoError in Go's words."""
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise GoError("invalid character '[' exceeded max depth") from None
    except ValueError:
        from proxmox_mpc.charts.encodings.json_errors import first_error

        raise GoError(first_error(go_bytes(text))) from None
    return with_whole_letters(value) if "\\ud" in text or "\\uD" in text or _SURROGATE.search(text) else value


def float_of(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise GoError(f"json: cannot unmarshal number {digits} into Go value of type float64")
    return number


def refused(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=float_of, parse_float=float_of, parse_constant=refused)


def with_whole_letters(value: Any) -> Any:
    """The value with U+FFFD for every half of a letter that stands alone."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {with_whole_letters(key): with_whole_letters(item) for key, item in value.items()}
    return [with_whole_letters(item) for item in value] if isinstance(value, list) else value
