"""What a YAML scalar means to go-yaml 2 (as in Helm 4.2.3): YAML 1.1 with Go's integers, and no base 60."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from typing import Any

from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_text

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_BASED = re.compile(r"([-+]?)0(?:([xX])([0-9a-fA-F]+)|([bB])([01]+)|[oO]?([0-7]+))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_DOTTED_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?", re.ASCII)
_TIMESTAMP = re.compile(
    r"[0-9]{4}-(1[0-2]|0?[1-9])-(3[01]|[12][0-9]|0?[1-9])"
    r"([Tt](2[0-3]|[01]?[0-9]):[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})"
    r"| (2[0-3]|[01]?[0-9]):[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?)?",
    re.ASCII,
)
_LONG = "tag:yaml.org,2002:"
_NAMES = {type(None): "!!null", bool: "!!bool", int: "!!int", float: "!!float", str: "!!str"}
_SURROGATE = re.compile("[\udc80-\udcff]")
# Longer than any number that int64, uint64 or float64 can hold with every digit that matters; Python refuses to read
# integers of more than 4,300 digits, and takes quadratic time for long ones.
_LONGEST_INTEGER = 1100
INT64 = range(-(1 << 63), 1 << 63)
UINT64 = range(1 << 64)


class Undecodable(GoError):
    """A value that go-yaml cannot make; it parses all of the document before it finds out."""


def scalar(text: str, tag: str | None) -> Any:
    """The value of a plain scalar, or of one with a tag: None, bool, int, float or str."""
    if not tag:
        found = _WORDS.get(text, text)
        return _number(text) if found is text and text[0] in _NUMBER_STARTS else found
    name = tag.removeprefix(_LONG) if tag.startswith(_LONG) else ""
    if name == "str":
        return text
    if name == "binary":
        return _binary(text)
    if name not in ("bool", "int", "float", "null", "timestamp"):
        return text
    if name == "timestamp" and _TIMESTAMP.fullmatch(text):
        return text
    found = scalar(text, None)
    if name == "float" and type(found) is int and found in INT64:
        return float(found)
    if _NAMES[type(found)] != f"!!{name}":
        raise Undecodable(f"yaml: cannot decode {_NAMES[type(found)]} `{text}` as a !!{name}")
    return found


def _number(text: str) -> int | float | str:
    if text[0] == ".":
        return _finite(text) if _DOTTED_FLOAT.fullmatch(text) else text
    plain = text.replace("_", "")
    if len(plain) < _LONGEST_INTEGER:
        if _DECIMAL.fullmatch(plain):
            value = int(plain)
            if value in INT64 or (value in UINT64 and plain[0] != "+"):
                return value
        elif based := _BASED.fullmatch(plain):
            sign, hexadecimal, hex_digits, binary, bits, octal = based.groups()
            value = int(hex_digits or bits or octal, 16 if hexadecimal else 2 if binary else 8)
            value = -value if sign == "-" else value
            if value in INT64 or (value in UINT64 and not sign):
                return value
    return _finite(plain, text) if _FLOAT.fullmatch(plain) else text


def _finite(number: str, text: str = "") -> float | str:
    """A float; one that is too big for float64 stays the text that it was."""
    value = float(number)
    return value if math.isfinite(value) else text or number


def _binary(text: str) -> str:
    try:
        raw = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise Undecodable("yaml: !!binary value contains invalid base64 data") from None
    # JSON stands between: what is no UTF-8 becomes U+FFFD, byte for byte.
    return _SURROGATE.sub("\ufffd", go_text(raw))


def float32_text(value: float) -> str:
    """A float64 as `strconv.FormatFloat(value, 'g', -1, 32)`: a key, or a string, that was given as a number."""
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    try:
        wanted = struct.pack("f", value)
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    (exact,) = struct.unpack("f", wanted)
    digits = next(p for p in range(9) if struct.pack("f", float(f"{exact:.{p}e}")) == wanted)
    mantissa, _, power = f"{exact:.{digits}e}".partition("e")
    exponent = int(power)
    # Go's %g looks at six digits here, however many it prints; 21 is `%v`'s.
    if exponent < -4 or exponent >= 6:
        return f"{mantissa}e{exponent:+03d}"
    return f"{exact:.{max(digits - exponent, 0)}f}"


def go_syntax(value: Any) -> str:
    """A value as Go's `%#v` prints it in an interface, with the types that go-yaml makes."""
    if value is None:
        return "interface {}(nil)"
    if type(value) is str:
        return json.dumps(value, ensure_ascii=False)
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if type(value) is list:
        return "[]interface {}{" + ", ".join(map(go_syntax, value)) + "}"
    if type(value) is dict:
        pairs = (f"{go_syntax(key)}:{go_syntax(item)}" for key, item in sorted(value.items()))
        return "map[interface {}]interface {}{" + ", ".join(pairs) + "}"
    return str(value)
