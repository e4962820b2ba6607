"""Where and why a text is no JSON, in Go's words (Go 1.26). Only texts that were refused come here."""

from __future__ import annotations

import re

from proxmox_mpc.charts.language.quoting import quote

_SPACE = re.compile(rb"[ \t\r\n]*")
_HEX = b"0123456789abcdefABCDEF"
_DIGITS = b"0123456789"
_ENDED = "unexpected end of JSON input"
MAX_DEPTH = 10_000


class _Bad(Exception):
    """The text ends a scan with this message."""


def first_error(raw: bytes) -> str:
    """The message for the first byte at which Go's scanner gives up."""
    try:
        _Scan(raw).whole()
    except _Bad as bad:
        return str(bad)
    return _ENDED


class _Scan:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def whole(self) -> None:
        """One value and nothing after it; nesting is kept on a list, so that depth costs no stack."""
        open_with: list[bytes] = []
        while True:
            opened = self.value(open_with)
            if opened:
                open_with.append(opened)
                if len(open_with) > MAX_DEPTH:
                    raise _Bad(f"invalid character {_character(opened[0])} exceeded max depth")
                if not self.empty(opened):
                    continue
                open_with.pop()
            while open_with:
                if self.more(open_with[-1]):
                    break
                open_with.pop()
            if not open_with:
                self.space()
                if self.at < len(self.raw):
                    raise self.bad("after top-level value")
                return

    def value(self, open_with: list[bytes]) -> bytes:
        """Reads a value, or the beginning of a map or list, which is what it returns."""
        byte = self.peek()
        if byte in (b"{", b"["):
            self.at += 1
            return byte
        if byte == b'"':
            self.string()
        elif byte in (b"t", b"f", b"n"):
            self.literal({b"t": "true", b"f": "false", b"n": "null"}[byte])
        elif byte == b"-" or byte in _DIGITS:
            self.number()
        else:
            raise self.bad("looking for beginning of value")
        return b""

    def empty(self, opened: bytes) -> bool:
        """Whether a map or list ends at once; of a map that does not, the first key is read."""
        byte = self.peek()
        if byte == (b"}" if opened == b"{" else b"]"):
            self.at += 1
            return True
        if opened == b"{":
            self.key()
        return False

    def more(self, opened: bytes) -> bool:
        """What follows an entry: a comma and the next one, or the end."""
        byte = self.peek()
        if byte == b",":
            self.at += 1
            if opened == b"{":
                self.key()
            return True
        if byte != (b"}" if opened == b"{" else b"]"):
            raise self.bad("after object key:value pair" if opened == b"{" else "after array element")
        self.at += 1
        return False

    def key(self) -> None:
        if self.peek() != b'"':
            raise self.bad("looking for beginning of object key string")
        self.string()
        if self.peek() != b":":
            raise self.bad("after object key")
        self.at += 1

    def space(self) -> None:
        found = _SPACE.match(self.raw, self.at)
        self.at = found.end() if found else self.at

    def peek(self) -> bytes:
        """The next byte that is no space; the end of the text is an error."""
        self.space()
        if self.at >= len(self.raw):
            raise _Bad(_ENDED)
        return self.raw[self.at : self.at + 1]

    def next(self) -> bytes:
        """The byte here; Go's scanner reads a space after the end."""
        return self.raw[self.at : self.at + 1] or b" "

    def bad(self, where: str) -> _Bad:
        return _Bad(f"invalid character {_character(self.next()[0])} {where}")

    def literal(self, word: str) -> None:
        for at in range(1, len(word)):
            self.at += 1
            if self.next() != word[at].encode():
                raise self.bad(f"in literal {word} (expecting '{word[at]}')")
        self.at += 1

    def digits(self, where: str) -> None:
        if self.next() not in _DIGITS:
            raise self.bad(where)
        while self.next() in _DIGITS:
            self.at += 1

    def number(self) -> None:
        if self.next() == b"-":
            self.at += 1
        if self.next() == b"0":
            self.at += 1
        else:
            self.digits("in numeric literal")
        if self.next() == b".":
            self.at += 1
            self.digits("after decimal point in numeric literal")
        if self.next() in (b"e", b"E"):
            self.at += 1
            if self.next() in (b"+", b"-"):
                self.at += 1
            self.digits("in exponent of numeric literal")

    def string(self) -> None:
        self.at += 1
        while True:
            if self.at >= len(self.raw):
                raise _Bad(_ENDED)
            byte = self.next()
            if byte < b" ":
                raise self.bad("in string literal")
            self.at += 1
            if byte == b'"':
                return
            if byte == b"\\":
                self.escape()

    def escape(self) -> None:
        byte = self.next()
        if byte not in (b"b", b"f", b"n", b"r", b"t", b"\\", b"/", b'"', b"u"):
            raise self.bad("in string escape code")
        self.at += 1
        for _ in range(4 if byte == b"u" else 0):
            if self.next() not in _HEX:
                raise self.bad("in \\u hexadecimal character escape")
            self.at += 1


def _character(byte: int) -> str:
    return "'\"'" if byte == ord('"') else quote(chr(byte), around="'")
