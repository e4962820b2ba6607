"""YAML as Helm 4.2.3 writes it.

`toYaml` goes by sigs.k8s.io/yaml: made JSON first, and written by a port of libyaml; `toYamlPretty` by yaml.v3. They
differ in lists under a key (the second indents them), in long lines (the first folds them at 80 columns), and in what
comes from JSON.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from proxmox_mpc.charts.encodings.json_text import MAX_DEPTH, json_number, json_string, too_deep
from proxmox_mpc.charts.encodings.yaml_keys import sorted_keys
from proxmox_mpc.charts.encodings.yaml_plain import WORDS, reads_as_text
from proxmox_mpc.charts.language.function import GoError, TooMuch
from proxmox_mpc.charts.language.go_types import NilList, NilStrings, Struct, go_bytes, type_of
from proxmox_mpc.charts.language.printing import float_text

# What needs neither quotes nor a look at its words: most of what charts write.
_SIMPLE = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*\Z")

_BREAKS = "\n\u2028\u2029"
_ENDS = tuple(_BREAKS)
# What libyaml cannot print. (A set of what it can would take milliseconds to compile.)
_UNPRINTABLE = "\x7f-\x9f\ufeff\ufffe\uffff\U00010000-\U0010ffff"
_SPECIAL = re.compile(f"[\x00-\t\x0b-\x1f{_UNPRINTABLE}]")
_INDICATED = re.compile(r"""[#,\[\]{}&*!|>'"%@`]|[?:-](?:[ \t\n\u2028\u2029]|\Z)|---|\.\.\.""")
_INDICATOR_INSIDE = re.compile(r":(?:[ \t\n\u2028\u2029]|\Z)|[ \t\n\u2028\u2029]#")
_EDGE = re.compile(f"[ {_BREAKS}]|.*[ {_BREAKS}]\\Z", re.DOTALL)
_BREAK = re.compile(f"[{_BREAKS}]")
_MULTILINE = re.compile(f"[\r\x85{_BREAKS}]")
_SPACE_BREAK = re.compile(f" [{_BREAKS}]")
_BREAK_SPACE = re.compile(f"[{_BREAKS}] ")
_AFTER_BREAK = re.compile(f"([{_BREAKS}])(?=[^{_BREAKS}])")
_QUOTED = re.compile(f'[\x00-\x1f"\\\\\u2028\u2029{_UNPRINTABLE}]')
_NAMED = {0: "0", 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "e", 34: '"', 92: "\\"}
_NAMED |= {0x2028: "L", 0x2029: "P", 0x85: "N", 0xA0: "_"}
# The reader of the JSON between refuses these (as the specification of YAML wants), and so the whole value.
_UNREADABLE = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# It reads U+0085 as a line end, and folds it.
_NEXT_LINES = re.compile(" *\x85(?:[ \x85]*\x85)? *")
_ANY = re.compile(".", re.DOTALL)
# A key that is longer is written after a question mark; one that is much longer, the reader of the JSON takes for none.
_LONGEST_SIMPLE_KEY, _LONGEST_KEY = 128, 1024
_WIDTH = 80


def write_yaml(value: Any) -> str:
    """A value as `toYaml` writes it, without the last line end."""
    try:
        return _Writer(_WIDTH, "", by_json=True).document(value)
    except GoError as error:
        if str(error).startswith("json: "):
            raise GoError(f"error marshaling into JSON: {error}") from None
        raise
    except RecursionError:
        raise GoError(f"error marshaling into JSON: {too_deep(value)}") from None


def write_yaml_pretty(value: Any) -> str:
    """A value as `toYamlPretty` writes it."""
    try:
        return _Writer(1 << 31, "  ", by_json=False).document(value)
    except RecursionError:
        raise TooMuch(str(too_deep(value))) from None


class _Writer:
    """Writes nodes one after another; `pad` is the indentation of the lines that follow, `column` where we are."""

    def __init__(self, width: int, list_indent: str, *, by_json: bool) -> None:
        self.width = width
        self.list_indent = list_indent
        self.by_json = by_json
        self.out: list[str] = []

    def document(self, value: Any) -> str:
        if isinstance(value, Struct):
            value = self.form(value)
        if isinstance(value, dict) and value:
            self.mapping(value, "")
        elif isinstance(value, list) and value:
            self.sequence(value, "")
        else:
            self.out.append(self.scalar(value, 0, "  "))
        return "".join(self.out).removesuffix("\n")

    def form(self, value: Struct) -> Any:
        form = value.json_form() if self.by_json else value.yaml_form()
        return self.form(form) if isinstance(form, Struct) else form

    def line(self, pad: str) -> None:
        self.out.append(pad if self.out[-1].endswith(_ENDS) else "\n" + pad)

    def mapping(self, entries: dict[str, Any], pad: str) -> None:
        if len(pad) > 2 * MAX_DEPTH:
            raise RecursionError
        out = self.out
        inner = pad + "  "
        size = len(pad)
        first = True
        for key in sorted_keys(entries, digits_first=self.by_json):
            if not first:
                self.line(pad)
            first = False
            value = entries[key]
            if _MULTILINE.search(key) or len(key.encode("utf-8", "surrogateescape")) > _LONGEST_SIMPLE_KEY:
                self.long_key(key, value, pad)
                continue
            name = key if _SIMPLE.match(key) and key not in WORDS else self.text(key, 0, inner, is_key=True)
            if type(value) is str and _SIMPLE.match(value) and value not in WORDS:
                out.append(f"{name}: {value}")
                continue
            if isinstance(value, Struct):
                value = self.form(value)
            if isinstance(value, dict) and value:
                out.append(f"{name}:\n{inner}")
                self.mapping(value, inner)
            elif isinstance(value, list) and value:
                under = pad + self.list_indent
                out.append(f"{name}:\n{under}")
                self.sequence(value, under)
            else:
                out.append(f"{name}: {self.scalar(value, size + len(name) + 2, inner)}")

    def long_key(self, key: str, value: Any, pad: str) -> None:
        """A key that no single short line holds: `? key`, and its value on the next line."""
        inner = pad + "  "
        if self.by_json and (len(json_string(key)) > _LONGEST_KEY or "\x85" in key):
            where = "line 1: " if "\x85" in key else ""
            raise GoError(f"yaml: {where}did not find expected ',' or '}}'")
        self.out.append("? " + self.text(key, len(inner), inner))
        self.line(pad)
        self.out.append(": ")
        self.item(value, inner)

    def sequence(self, items: list[Any], pad: str) -> None:
        if len(pad) > 2 * MAX_DEPTH:
            raise RecursionError
        inner = pad + "  "
        first = True
        for item in items:
            if not first:
                self.line(pad)
            first = False
            self.out.append("- ")
            self.item(item, inner)

    def item(self, value: Any, inner: str) -> None:
        if isinstance(value, Struct):
            value = self.form(value)
        if isinstance(value, dict) and value:
            self.mapping(value, inner)
        elif isinstance(value, list) and value:
            self.sequence(value, inner)
        else:
            self.out.append(self.scalar(value, len(inner), inner))

    def scalar(self, value: Any, column: int, pad: str) -> str:
        kind = type(value)
        if kind is str:
            return self.text(value, column, pad)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if kind is float:
            return self.number(value)
        if isinstance(value, dict):
            return "{}"
        if isinstance(value, list):
            return "null" if self.by_json and kind in (NilList, NilStrings) else "[]"
        if kind is bytes:
            return self.text(base64.b64encode(value).decode(), column, pad)
        raise GoError(f"json: unsupported type: {type_of(value)}")

    def number(self, number: float) -> str:
        if not self.by_json:
            text = float_text(number)
            return {"NaN": ".nan", "+Inf": ".inf", "-Inf": "-.inf"}.get(text, text)
        text = json_number(number)
        # JSON knows numbers only: what is written without a point is an integer when 64 bits hold it.
        if "." in text or "e" in text or not -(1 << 63) <= number < (1 << 64):
            return float_text(number)
        return "0" if text == "-0" else text

    def text(self, text: str, column: int, pad: str, *, is_key: bool = False) -> str:
        if _SIMPLE.match(text) and text not in WORDS:
            return text
        if not text.isascii() and _SURROGATE.search(text):
            if not self.by_json:
                return "!!binary " + base64.b64encode(go_bytes(text)).decode()
            text = _SURROGATE.sub("\ufffd", text)
        if self.by_json and _UNREADABLE.search(text):
            raise GoError("yaml: control characters are not allowed")
        if self.by_json and "\x85" in text:
            text = _NEXT_LINES.sub(_as_read, text)
        width = 1 << 31 if is_key else self.width
        special = _SPECIAL.search(text) or _SPACE_BREAK.search(text)
        if "\n" in text:
            # yaml.v3 lets a tab stand in a literal block.
            bad = special if self.by_json else _SPECIAL.search(text.replace("\t", "")) or _SPACE_BREAK.search(text)
            return self.double(text, column, pad, width) if bad or text[-1] == " " else self.literal(text, pad)
        if special or not reads_as_text(text) or _BREAK_SPACE.search(text):
            return self.double(text, column, pad, width)
        if _BREAK.search(text) or _INDICATED.match(text) or _INDICATOR_INSIDE.search(text) or _EDGE.match(text):
            return self.single(text, column, pad, width)
        return _folded(text, column, pad, width)

    def literal(self, text: str, pad: str) -> str:
        hint = "2" if text[0] in " " + _BREAKS else ""
        if text[-1] not in _BREAKS:
            chomp = "-"
        elif len(text) == 1 or text[-2] in _BREAKS:
            chomp = "+"
        else:
            chomp = ""
        start = "" if text[0] in _BREAKS else pad
        return f"|{hint}{chomp}\n{start}" + _AFTER_BREAK.sub(lambda found: found.group() + pad, text)

    def single(self, text: str, column: int, pad: str, width: int) -> str:
        body = _AFTER_BREAK.sub(lambda found: found.group() + pad, text.replace("'", "''"))
        return "'" + _folded(body, column + 1, pad, width) + "'"

    def double(self, text: str, column: int, pad: str, width: int) -> str:
        # Go's port looks for a byte order mark at the text's beginning wherever it stands, and so escapes every letter.
        body = (_ANY if text[0] == "\ufeff" else _QUOTED).sub(_escape, text) if text else ""
        return '"' + _folded(body, column + 1, pad, width, escape=True) + '"'


def _as_read(match: re.Match[str]) -> str:
    return "\n" * (match.group().count("\x85") - 1) or " "


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    named = _NAMED.get(code)
    if named is not None:
        return "\\" + named
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _folded(text: str, column: int, pad: str, width: int, *, escape: bool = False) -> str:
    """A text broken at spaces that stand beyond `width`; in double quotes more spaces follow a backslash."""
    if column + len(text) <= width:
        return text
    parts: list[str] = []
    start = 0  # what is already written
    base = 0  # the letter that stands in `column`
    for run in re.finditer("( +)|\u2028|\u2029", text):
        at, end = run.span()
        if run.group(1) is None:
            base, column = end, 0
            continue
        single = end - at == 1
        if column + at - base <= width or at == 0 or at == len(text) - 1 or not (single or escape):
            continue
        parts.append(text[start:at] + "\n" + pad + ("" if single else "\\"))
        start = base = at + 1
        column = len(pad) + (0 if single else 1)
    return "".join(parts) + text[start:]
