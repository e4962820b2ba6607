"""Go's quoted strings: `strconv.Quote` and `strconv.Unquote`."""

from __future__ import annotations

import re

from proxmox_mpc.charts.language.go_types import go_text

_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'\"]))")
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


def quote(text: str, *, around: str = '"', ascii_only: bool = False) -> str:
    """A string between double quotes as Go writes it; with `ascii_only` as `%+q` does."""
    if around == '"' and _PLAIN.match(text):
        return f'"{text}"'
    return around + "".join(_escaped(letter, around, ascii_only) for letter in text) + around


def quote_rune(code: int, *, ascii_only: bool = False) -> str:
    """A rune between single quotes, as `%q` prints an integer."""
    if code < 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return quote(chr(code), around="'", ascii_only=ascii_only)


def _escaped(letter: str, around: str, ascii_only: bool) -> str:
    if letter == around:
        return "\\" + letter
    named = _NAMED.get(letter)
    if named is not None:
        return named
    code = ord(letter)
    if code < 0x7F and code >= 0x20:
        return letter
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    if not ascii_only and letter.isprintable():
        return letter
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(token: str) -> str | None:
    """The string that a Go literal means, or None when it is malformed ("invalid syntax")."""
    body = token[1:-1]
    if token[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    return unescape(body, "'")


def unescape(body: str, refused: str) -> str | None:
    """The text of a literal between its quotes; `refused` is the quote that needs no escape there and may have none."""
    parts: list[bytes] = []
    at = 0
    while True:
        backslash = body.find("\\", at)
        if backslash < 0:
            parts.append(body[at:].encode("utf-8", "surrogateescape"))
            return go_text(b"".join(parts))
        parts.append(body[at:backslash].encode("utf-8", "surrogateescape"))
        found = _ESCAPE.match(body, backslash)
        if found is None or found.group(5) == refused:
            return None
        at = found.end()
        if found.group(1) is not None:
            parts.append(bytes([int(found.group(1), 16)]))
        elif found.group(4) is not None:
            value = int(found.group(4), 8)
            if value > 255:
                return None
            parts.append(bytes([value]))
        elif found.group(5) is not None:
            parts.append(bytes([_LETTERS[found.group(5)]]))
        else:
            value = int(found.group(2) or found.group(3), 16)
            if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
                return None
            parts.append(chr(value).encode())
