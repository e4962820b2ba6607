"""TOML as BurntSushi/toml writes it for Helm 4.2.3, and reads it."""

from __future__ import annotations

import datetime
import re
from typing import Any, Protocol

from proxmox_mpc.charts.encodings.json_text import MAX_DEPTH, too_deep
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import Int64, Maps, NilList, NilStrings, Struct, type_of
from proxmox_mpc.charts.language.printing import float_text

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_NIL_ELEMENT = "toml: cannot encode array with nil element"


def write_toml(value: Any) -> str:
    """A map as TOML; a single value as TOML writes it behind a key. Raises GoError."""
    try:
        return _Writer().document(value)
    except RecursionError:
        raise too_deep(value) from None


class _Writer:
    def __init__(self) -> None:
        self.out: list[str] = []

    def document(self, value: Any) -> str:
        if value is None:
            raise GoError("reflect: call of reflect.Value.Type on zero Value")
        entries = _entries(value)
        if entries is not None:
            self.table(entries, [])
        elif _is_tables(value):
            raise GoError("toml: top-level values must be Go maps or structs")
        else:
            self.out.append(_element(value))
        return "".join(self.out)

    def newline(self) -> None:
        if self.out:
            self.out.append("\n")

    def table(self, entries: dict[str, Any], path: list[str]) -> None:
        """A table's own values, and then the tables in it."""
        if len(path) > MAX_DEPTH:
            raise RecursionError
        tables = []
        indent = "  " * len(path)
        for key, value in entries.items():
            if _is_nil(value):
                continue
            if _entries(value) is not None or _is_tables(value):
                tables.append((key, value))
            else:
                self.out.append(f"{indent}{_key(key)} = {_element(value)}\n")
        for key, value in tables:
            inside = [*path, _key(key)]
            header = indent + "{}" + "\n"
            inner = _entries(value)
            if inner is not None:
                if not path:
                    self.newline()
                self.out.append(header.format(f"[{'.'.join(inside)}]"))
                self.table(inner, inside)
                continue
            for item in value:
                self.newline()
                self.out.append(header.format(f"[[{'.'.join(inside)}]]"))
                self.table(_entries(item) or {}, inside)


def _entries(value: Any) -> dict[str, Any] | None:
    """What a table is made of, in the order in which it is written; of anything else None."""
    if isinstance(value, dict):
        return {key: value[key] for key in sorted(value)}
    if isinstance(value, Struct):
        form = value.json_form()
        return form if isinstance(form, dict) else None
    return None


def _is_nil(value: Any) -> bool:
    return value is None or type(value) in (NilList, NilStrings)


def _is_tables(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if any(map(_is_nil, value)):
        raise GoError(_NIL_ELEMENT)
    return all(_entries(item) is not None for item in value)


def _key(key: str) -> str:
    return key if _BARE.match(key) else _string(key)


def _string(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    letter = match.group()
    return _NAMED.get(letter) or f"\\u{ord(letter):04x}"


def _element(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if kind is float:
        return _float(value)
    if kind is bytes:
        return "[" + ", ".join(map(str, value)) + "]"
    entries = _entries(value)
    if entries is not None:
        return _inline(entries)
    if isinstance(value, Struct):
        text = str(value.json_form())
        return text if value.go_type == "time.Time" else _string(text)
    if isinstance(value, list):
        if any(map(_is_nil, value)):
            raise GoError(_NIL_ELEMENT)
        return "[" + ", ".join([_element(item) for item in value]) + "]"
    raise GoError(f"toml: unsupported type: {type_of(value)}")


def _inline(entries: dict[str, Any]) -> str:
    """A table on one line, plain values first; a nil that is left out last leaves its comma, as in Helm 4.2.3."""
    plain: list[tuple[str, Any]] = []
    tables: list[tuple[str, Any]] = []
    for key, value in entries.items():
        (tables if _entries(value) is not None or _is_tables(value) else plain).append((key, value))
    text = ""
    for pairs, trailing in ((plain, bool(tables)), (tables, False)):
        for number, (key, value) in enumerate(pairs, 1):
            if not _is_nil(value):
                text += f"{_key(key)} = {_element(value)}" + (", " if trailing or number < len(pairs) else "")
    return "{" + text + "}"


def _float(number: float) -> str:
    text = float_text(number)
    if text in ("NaN", "+Inf", "-Inf"):
        return {"NaN": "nan", "+Inf": "inf"}.get(text, "-inf")
    return text if "." in text or "e" in text else text + ".0"


class Moments(Protocol):
    """Makes a time of a date, a time of day, or both."""

    def __call__(self, moment: datetime.date | datetime.time) -> Any: ...


def read_toml(text: str, moments: Moments) -> dict[str, Any]:
    """What a TOML text says: integers are int64. Raises GoError, in other words than Go's."""
    import tomllib

    try:
        found = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise GoError(f"toml: {error}") from None
    return {key: _as_go(value, moments, "[[" in text) for key, value in found.items()}


def _as_go(value: Any, moments: Moments, with_tables: bool) -> Any:
    if isinstance(value, dict):
        return {key: _as_go(item, moments, with_tables) for key, item in value.items()}
    if isinstance(value, list):
        items = [_as_go(item, moments, with_tables) for item in value]
        return Maps(items) if with_tables and items and all(isinstance(item, dict) for item in items) else items
    if type(value) is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise GoError(f"toml: {value} is out of range for int64")
        return Int64(value)
    return moments(value) if isinstance(value, (datetime.date, datetime.time)) else value
