"""`--set` and its family, as Helm 4.2.3 parses them: `a.b=1,c={x,y},d[0].e=null`.

Every function lays what its flag says over `onto`, which is not changed. Numbers of `--set` are Go's int64.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from proxmox_mpc.charts.encodings.json_values import read_json_at
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import ANY_MAP, ANYS, Int64, type_of
from proxmox_mpc.charts.language.quoting import quote, quote_rune
from proxmox_mpc.charts.values import copied

# Helm's limits.
MAX_INDEX = 65_536
MAX_NAMES = 30
# Helm has none here. A flag of ten letters makes a list of 65,537, and brackets nest without names.
MAX_ELEMENTS = 1_000_000
MAX_LISTS = 100

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_INDEX = re.compile(r"[+-]?[0-9]+", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGEST = (1 << 63) - 1
# What Go's unicode.IsSpace finds.
_SPACES = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

Values = Mapping[str, Any]


def parse_set(text: str, onto: Values | None = None) -> dict[str, Any]:
    """`--set`: true, false, null and integers are what they look like, everything else is text."""
    return _Parser(text, _typed).onto(onto)


def parse_set_string(text: str, onto: Values | None = None) -> dict[str, Any]:
    """`--set-string`: every value is text."""
    return _Parser(text, str).onto(onto)


def parse_set_file(text: str, content: Callable[[str], str], onto: Values | None = None) -> dict[str, Any]:
    """`--set-file`: every value is the name of a file, of which `content` gives the text."""
    return _Parser(text, content).onto(onto)


def parse_set_json(text: str, onto: Values | None = None, *, integers: bool = False) -> dict[str, Any]:
    """`--set-json`: every value is JSON; nothing is null."""
    return _JsonParser(text, integers).onto(onto)


def parse_set_literal(text: str, onto: Values | None = None) -> dict[str, Any]:
    """`--set-literal`: one value, which is all that stands after the `=`."""
    return _LiteralParser(text, str).onto(onto)


def _typed(text: str) -> Any:
    word = text.casefold()
    if word in ("true", "false"):
        return word == "true"
    if word == "null":
        return None
    if text == "0" or (text[:1] != "0" and _INTEGER.fullmatch(text) and -_LARGEST - 1 <= int(text) <= _LARGEST):
        return Int64(text)
    return text


class _Parser:
    """Go's functions return an error `EOF` with their results; so these return whether the text has ended."""

    key_ends = "=[,."
    escapes = True

    def __init__(self, text: str, convert: Callable[[str], Any]) -> None:
        # Go reads runes: a byte that is no UTF-8 is U+FFFD.
        self.text = _SURROGATE.sub("\ufffd", text)
        self.at = 0
        self.convert = convert
        self.elements = 0

    def onto(self, values: Values | None) -> dict[str, Any]:
        data: dict[str, Any] = copied(dict(values or {}))
        try:
            while not self.key(data, 0, 0):
                pass
        except GoError as error:
            raise BadValues(str(error)) from None
        return data

    def until(self, ends: str) -> tuple[str, str]:
        """The text up to one of `ends`, and which it was; "" at the end of all."""
        found: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter in ends:
                return "".join(found), letter
            if letter == "\\" and self.escapes:
                if self.at == len(self.text):
                    break
                letter = self.text[self.at]
                self.at += 1
            found.append(letter)
        return "".join(found), ""

    def key(self, data: dict[str, Any], names: int, lists: int) -> bool:
        key, end = self.until(self.key_ends)
        if not end:
            if key:
                raise BadValues(f"key {quote(key)} has no value")
            return True
        if end == "[":
            index = self.index()
            if index is None:
                return True
            items, ended = self.item(_as(data.get(key, []), list, ANYS), index, names, lists + 1)
            _put(data, key, items)
            return ended
        if end == "=":
            value, ended = self.value()
            _put(data, key, value)
            return ended
        if end == ",":
            raise BadValues(f"key {quote(key)} has no value (cannot end with ,)")
        if names >= MAX_NAMES:
            raise BadValues(f"value name nested level is greater than maximum supported nested level of {MAX_NAMES}")
        inner = _as(data.get(key, {}), dict, ANY_MAP)
        ended = self.key(inner, names + 1, lists)
        if not ended and not inner:
            raise BadValues(f"key map {quote(key)} has no value")
        if inner:
            _put(data, key, inner)
        return ended

    def value(self) -> tuple[Any, bool]:
        """What stands after a `=`."""
        if self.at == len(self.text):
            return "", True
        if self.text[self.at] != "{":
            return self.convert(self.until(",")[0]), False
        self.at += 1
        items = []
        while True:
            text, end = self.until(",}")
            if not end:
                raise BadValues("list must terminate with '}'")
            items.append(self.convert(text))
            if end == "}":
                self.at += self.text.startswith(",", self.at)
                return items, False

    def index(self) -> int | None:
        """The number between brackets; None where the text ends before the `]`."""
        text, end = self.until("]")
        if not end:
            return None
        reason = "" if _INDEX.fullmatch(text) else "invalid syntax"
        if not reason and (len(text) > 20 or abs(int(text)) > _LARGEST):
            reason = "value out of range"
        if reason:
            raise BadValues(f"error parsing index: strconv.Atoi: parsing {quote(text)}: {reason}")
        return int(text)

    def item(self, items: list[Any], index: int, names: int, lists: int) -> tuple[list[Any], bool]:
        """The list with what follows its index."""
        if index < 0:
            raise BadValues(f"negative {index} index not allowed")
        if lists > MAX_LISTS:
            raise BadValues(f"lists are nested more than {MAX_LISTS} deep")
        text, end = self.until("[.=")
        if text:
            shown = " ".join(quote_rune(ord(letter)) for letter in text)
            raise BadValues(f"unexpected data at end of array index: [{shown}]")
        if not end:
            return items, True
        if end == "=":
            return self.placed(items, index, self.value()[0]), False
        found = items[index] if index < len(items) else None
        value: Any
        if end == "[":
            inner = self.index()
            if inner is None:
                return items, True
            value, ended = self.item([] if found is None else _as(found, list, ANYS), inner, names, lists + 1)
        else:
            value = found if isinstance(found, dict) else {}
            if index < len(items):
                items[index] = value
            ended = self.key(value, names, lists + 1)
        return (items, True) if ended else (self.placed(items, index, value), False)

    def placed(self, items: list[Any], index: int, value: Any) -> list[Any]:
        if index > MAX_INDEX:
            raise BadValues(f"index of {index} is greater than maximum supported index of {MAX_INDEX}")
        more = index + 1 - len(items)
        if more > 0:
            self.elements += more
            if self.elements > MAX_ELEMENTS:
                raise BadValues(f"lists of more than {MAX_ELEMENTS} elements")
            items += [None] * more
        items[index] = value
        return items


class _LiteralParser(_Parser):
    key_ends = "=[."
    escapes = False

    def value(self) -> tuple[Any, bool]:
        value, self.at = self.text[self.at :], len(self.text)
        return value, False


class _JsonParser(_Parser):
    def __init__(self, text: str, integers: bool) -> None:
        super().__init__(text, str)
        self.integers = integers

    def value(self) -> tuple[Any, bool]:
        if self.nothing():
            return None, False
        value, self.at = read_json_at(self.text, self.at, integers=self.integers)
        self.nothing()
        return value, False

    def nothing(self) -> bool:
        """Skips blanks and, after them, a comma; whether nothing stood before it."""
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter not in _SPACES and letter != ",":
                return False
            self.at += 1
            if letter == ",":
                return True
        return True


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    """Helm sets nothing under an empty name."""
    if key:
        data[key] = value


def _as(value: Any, kind: type, go_type: str) -> Any:
    if isinstance(value, kind):
        return value
    found = "nil" if value is None else type_of(value)
    raise BadValues(f"unable to parse key: interface conversion: interface {{}} is {found}, not {go_type}")
