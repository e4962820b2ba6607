"""One value as one of fmt's verbs prints it: `%d`, `%q`, `%v`, and the complaint when they do not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from proxmox_mpc.charts.language.go_types import ANYS, Sized, Slice, Struct, go_bytes, type_of
from proxmox_mpc.charts.language.printing import EXPONENT_FROM, digits_of, exponential, positional, sorted_keys, text_of
from proxmox_mpc.charts.language.quoting import quote, quote_rune


@dataclass(slots=True)
class Form:
    """The flags of one verb."""

    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int | None = None
    precision: int | None = None

    def padded(self, text: str) -> str:
        if self.width is None or len(text) >= self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero else " ")


def typed(value: Any) -> str:
    return "<nil>" if value is None else f"{type_of(value)}={text_of(value)}"


def _bad(verb: str, value: Any, form: Form) -> str:
    """The complaint about a verb; Go prints the value in it with the verb's own flags."""
    shown = formatted("v", value, replace(form, sharp=False))
    return f"%!{verb}({type_of(value)}={shown})"


def formatted(verb: str, value: Any, form: Form) -> str:
    if verb == "T":
        return form.padded(type_of(value))
    if value is None:
        return form.padded("<nil>") if verb == "v" else "%!" + verb + "(<nil>)"
    if isinstance(value, bool):
        return form.padded("true" if value else "false") if verb in "tv" else _bad(verb, value, form)
    if isinstance(value, str):
        return _text(verb, value, form)
    if isinstance(value, Struct) or (isinstance(value, Sized) and type(value).__str__ is not int.__str__):
        # It has a String method: fmt uses it for the verbs of strings.
        if verb in "vsxXq" and not (verb == "v" and form.sharp):
            return _text("s" if verb == "v" else verb, str(value), form)
        if isinstance(value, Struct):
            return _bad(verb, value, form)
    if isinstance(value, int):
        return _integer(verb, int(value), form, type_of(value))
    if isinstance(value, float):
        return _float(verb, value, form)
    if isinstance(value, complex):
        return form.padded(text_of(value)) if verb == "v" else _bad(verb, value, form)
    if isinstance(value, bytes):
        return _bytes(verb, value, form)
    if isinstance(value, list):
        if verb == "v" and form.sharp:
            return form.padded(_syntax(value))
        return "[" + " ".join(_element(verb, item, form) for item in value) + "]"
    if verb == "v" and form.sharp:
        return form.padded(_syntax(value))
    keys = sorted_keys(value)
    return "map[" + " ".join(f"{_element(verb, key, form)}:{_element(verb, value[key], form)}" for key in keys) + "]"


def _element(verb: str, value: Any, form: Form) -> str:
    """An element of a list or map."""
    return "<nil>" if value is None else formatted(verb, value, form)


def _text(verb: str, text: str, form: Form) -> str:
    if verb == "v" and form.sharp:
        return form.padded(quote(text))
    if verb in "sv":
        return form.padded(text if form.precision is None else text[: form.precision])
    if verb == "q":
        return form.padded(_quoted(text if form.precision is None else text[: form.precision], form))
    if verb in "xX":
        return _hexadecimal(verb, go_bytes(text), form)
    return _bad(verb, text, form)


def _quoted(text: str, form: Form) -> str:
    if form.sharp and "`" not in text and all(letter == "\t" or letter.isprintable() for letter in text):
        return f"`{text}`"
    return quote(text, ascii_only=form.plus)


def _hexadecimal(verb: str, raw: bytes, form: Form) -> str:
    if form.precision is not None:
        raw = raw[: form.precision]
    parts = [f"{byte:02{verb}}" for byte in raw]
    prefix = "0" + verb if form.sharp else ""
    text = " ".join(prefix + part for part in parts) if form.space else (prefix if parts else "") + "".join(parts)
    return form.padded(text)


def _bytes(verb: str, raw: bytes, form: Form) -> str:
    if verb in "sqxX":
        return _text(verb, raw.decode("utf-8", "surrogateescape"), form)
    if verb in "vd":
        return "[" + " ".join(_integer("d", byte, form, "uint8") for byte in raw) + "]"
    return "[" + " ".join(_integer(verb, byte, form, "uint8") for byte in raw) + "]"


_BASES = {"b": ("b", ""), "o": ("o", ""), "O": ("o", ""), "x": ("x", ""), "X": ("X", ""), "d": ("d", "")}


def _integer(verb: str, number: int, form: Form, go_type: str) -> str:
    if verb == "v":
        verb = "d"
        if form.sharp:
            form = Form(form.minus, form.plus, False, form.space, form.zero, form.width, form.precision)
    if verb in _BASES:
        return _based(verb, number, form)
    if verb == "c":
        return form.padded(chr(number) if 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "�")
    if verb == "q":
        return form.padded(quote_rune(number, ascii_only=form.plus))
    if verb == "U":
        text = f"U+{number & 0xFFFFFFFFFFFFFFFF:04X}"
        if form.sharp and 0 <= number <= 0x10FFFF and chr(number).isprintable():
            text += f" '{chr(number)}'"
        zero, form.zero = form.zero, False
        text = form.padded(text)
        form.zero = zero
        return text
    return f"%!{verb}({go_type}={_based('d', number, form)})"


def _based(verb: str, number: int, form: Form) -> str:
    digits = format(abs(number), _BASES[verb][0])
    if form.precision is not None:
        digits = "" if form.precision == 0 and number == 0 else digits.rjust(form.precision, "0")
    sign = "-" if number < 0 else "+" if form.plus else " " if form.space else ""
    prefix = ""
    if form.sharp:
        prefix = {"b": "0b", "o": "" if digits.startswith("0") else "0", "x": "0x", "X": "0X"}.get(verb, "")
    if verb == "O":
        prefix = "0o"
    if form.zero and not form.minus and form.width is not None and form.precision is None:
        digits = digits.rjust(form.width - len(sign), "0")
    zero, form.zero = form.zero, False
    text = form.padded(sign + prefix + digits)
    form.zero = zero
    return text


def _float(verb: str, number: float, form: Form) -> str:
    if verb not in "vbeEfFgGxX":
        return _bad(verb, number, form)
    if number != number:
        text, sign = "NaN", "+" if form.plus else " " if form.space else ""
    else:
        negative = str(number)[0] == "-"
        sign = "-" if negative else "+" if form.plus else " " if form.space else ""
        text = "Inf" if abs(number) == float("inf") else _float_digits(verb, abs(number), form.precision, form.sharp)
        if text == "Inf" and not sign:
            sign = "+"
    if text in ("Inf", "NaN"):
        zero, form.zero = form.zero, False
        text = form.padded(sign + text)
        form.zero = zero
        return text
    if form.zero and not form.minus and form.width is not None:
        return sign + text.rjust(form.width - len(sign), "0")
    return form.padded(sign + text)


def _float_digits(verb: str, number: float, precision: int | None, sharp: bool) -> str:
    lower = verb.lower()
    if lower == "b":
        fraction, power = math.frexp(number)
        return f"{int(fraction * (1 << 53))}p{power - 53:+d}"
    if lower == "x":
        return _hexadecimal_float(number, verb)
    if lower in "vg":
        if precision is None:
            digits, point = digits_of(number)
            if point - 1 < -4 or point - 1 >= EXPONENT_FROM:
                return exponential(digits, point, "E" if verb == "G" else "e")
            return positional(digits, point)
        return _general(number, precision or 1, verb, sharp)
    if lower == "e":
        text = f"{number:.{6 if precision is None else precision}e}"
        mantissa, exponent = text.split("e")
        return f"{mantissa}{verb}{exponent[0]}{exponent[1:].rjust(2, '0')}"
    return f"{number:.{6 if precision is None else precision}f}"


def _hexadecimal_float(number: float, verb: str) -> str:
    mantissa, exponent = number.hex().split("p")
    digits = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    text = f"{'0x0' if number == 0 else digits}p{exponent[0]}{exponent[1:].rjust(2, '0')}"
    return text.upper() if verb == "X" else text


def _general(number: float, precision: int, verb: str, sharp: bool) -> str:
    text = f"{number:.{precision - 1}e}"
    mantissa, exponent_text = text.split("e")
    digits, exponent = mantissa.replace(".", ""), int(exponent_text)
    if not sharp:
        digits = digits.rstrip("0") or "0"
    limit = precision if not (precision > len(digits) >= exponent + 1) else len(digits)
    if exponent < -4 or exponent >= limit:
        return exponential(digits, exponent + 1, "E" if verb == "G" else "e")
    return positional(digits, exponent + 1)


def _syntax(value: Any) -> str:
    """A value as `%#v` writes it: as Go source."""
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{quote(key)}:{_syntax(value[key])}" for key in sorted_keys(value))
        return f"{type_of(value)}{{{inside}}}"
    if isinstance(value, list):
        return f"{value.go_type if isinstance(value, Slice) else ANYS}{{{', '.join(map(_syntax, value))}}}"
    return text_of(value)
