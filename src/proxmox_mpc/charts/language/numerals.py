"""Go's number literals in templates: integers of four bases, floats, runes, imaginary numbers."""

from __future__ import annotations

import re

from proxmox_mpc.charts.language import lexer
from proxmox_mpc.charts.language.nodes import Number
from proxmox_mpc.charts.language.quoting import quote, unescape

_INTEGER = re.compile(
    r"([+-]?)(?:(0[xX])((?:_?[0-9a-fA-F])+)|(0[bB])((?:_?[01])+)|(0[oO])((?:_?[0-7])+)|(0)((?:_?[0-7])+)|(0|[1-9](?:_?[0-9])*))\Z"
)
_FLOAT = re.compile(r"[+-]?(?:[0-9](?:_?[0-9])*)?(?:\.(?:[0-9](?:_?[0-9])*)?)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?\Z")
_HEX_FLOAT = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?[pP][+-]?[0-9]+\Z")


def integer(text: str) -> int | None:
    """An integer literal's value (`strconv.ParseInt` with base 0, of any size), or None."""
    found = _INTEGER.match(text)
    if found is None:
        return None
    sign, *pairs, decimal = found.groups()
    for base, digits in zip((16, 2, 8, 8), pairs[1::2], strict=True):
        if digits is not None:
            value = int(digits.replace("_", ""), base)
            break
    else:
        # Python refuses to read more than 4300 digits; no Go integer has more than 20.
        value = int(decimal.replace("_", "")[:40])
    return -value if sign == "-" else value


def real(text: str) -> float | None:
    """A float literal's value (`strconv.ParseFloat`), or None."""
    if _HEX_FLOAT.match(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except (ValueError, OverflowError):
            return None
    if not _FLOAT.match(text) or not any(letter.isdigit() for letter in text):
        return None
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        return None
    return None if value in (float("inf"), float("-inf")) else value


def number(token: lexer.Token) -> Number | str:
    """The node of a literal, or what is wrong with it."""
    text = token.text
    if token.kind == lexer.CHAR_CONSTANT:
        return _rune(token)
    if token.kind == lexer.COMPLEX:
        try:
            return _imaginary(token, complex(text.replace("i", "j")))
        except ValueError:
            return f"illegal number syntax: {quote(text)}"
    if text.endswith("i"):
        value = real(text[:-1])
        if value is not None:
            return _imaginary(token, complex(0, value))
    whole = integer(text)
    if whole is not None and -(1 << 63) <= whole < 1 << 64:
        return Number(token.at, text, whole, float(whole))
    value = real(text)
    if value is None:
        return f"illegal number syntax: {quote(text)}"
    if not any(letter in text for letter in ".eEpP"):
        return f"integer overflow: {quote(text)}"
    exact = int(value) if abs(value) < 1 << 63 and value == int(value) else None
    return Number(token.at, text, exact, value)


def _rune(token: lexer.Token) -> Number | str:
    body = token.text[1:-1]
    text = unescape(body, '"') if body else None
    if text is None or body == "'":
        return "invalid syntax"
    if len(text) != 1:
        return f"malformed character constant: {token.text}"
    return Number(token.at, token.text, ord(text), float(ord(text)))


def _imaginary(token: lexer.Token, value: complex) -> Number:
    if value.imag:
        return Number(token.at, token.text, None, None, value)
    whole = int(value.real) if value.real == int(value.real) else None
    return Number(token.at, token.text, whole, value.real, value)
