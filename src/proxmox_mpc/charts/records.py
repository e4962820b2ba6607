"""Dataclasses out of YAML, and back, as Go's encoding/json fills a struct: Chart.yaml, Chart.lock, index.yaml.

    @dataclass(frozen=True, slots=True)
    class Maintainer:
        GO_TYPE: ClassVar[str] = "v2.Maintainer"
        name: str = member("name")

Numbers and booleans become strings where a string is wanted, as sigs.k8s.io/yaml does; null leaves a member empty;
unknown members are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, fields
from functools import cache
from typing import Any, TypeVar

from proxmox_mpc.charts.encodings.yaml_reading import misfit, read_yaml
from proxmox_mpc.charts.encodings.yaml_scalars import float32_text
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.quoting import quote

Record = TypeVar("Record")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)", re.ASCII)
_NOTHING: dict[str, Any] = {}
_EMPTY: dict[str, Any] = {"string": "", "bool": False, "[]string": (), "[]interface {}": (), "time.Time": ""}


def member(name: str, go_type: str = "string", *, of: type | None = None, always: bool = False) -> Any:
    """A member of a Go struct by its JSON name; `of` says what a list holds, `always` that it is written when empty."""
    facts = {"name": name, "go_type": go_type, "of": of, "always": always}
    if go_type == "map[string]string":
        return field(default_factory=dict, metadata=facts)
    return field(default=_EMPTY.get(go_type, ()), metadata=facts)


@cache
def _members(record: Any) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Attribute and facts by JSON name, and by its lower case."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for one in fields(record):
        if one.metadata:
            name = one.metadata["name"]
            found[name] = found[name.lower()] = (one.name, one.metadata)
    return found


def read_record(record: type[Record], text: str) -> Record:
    """A record from a YAML text; raises GoError with Go's words."""
    return parse_record(record, read_yaml(text, integers=True))


def parse_record(record: type[Record], value: Any, over: Record | None = None) -> Record:
    """A record from what YAML read with its integers; members that it does not have are taken from `over`."""
    given = {} if over is None else {one.name: getattr(over, one.name) for one in fields(record)}  # type: ignore[arg-type]
    found: Record = _filled(record, value, (), "", given)
    return found


def _filled(record: Any, value: Any, path: tuple[str, ...], label: str, given: dict[str, Any]) -> Any:
    """`path` leads from the outermost struct; `label` is the field that the value is read into, as Go names it."""
    if type(value) is not dict:
        if value is None:
            return record(**given)
        raise GoError(misfit(value, record.GO_TYPE, label))
    known = _members(record)
    struct = record.GO_TYPE.rpartition(".")[2]
    for name in sorted(value):
        attribute, facts = known.get(name) or known.get(name.lower()) or ("", _NOTHING)
        if attribute and value[name] is not None:
            inner = (*path, facts["name"])
            given[attribute] = _parsed(value[name], facts["go_type"], facts["of"], inner, f"{struct}.{'.'.join(inner)}")
    return record(**given)


def _parsed(value: Any, go_type: str, of: Any, path: tuple[str, ...], label: str) -> Any:
    kind = type(value)
    if go_type == "string":
        return _text(value, label)
    if go_type == "time.Time":
        return _time(value)
    if go_type == "bool":
        if kind is bool:
            return value
    elif go_type == "map[string]string":
        if kind is dict:
            return {key: _text(item, label) for key, item in value.items()}
    elif kind is list:
        if of is not None:
            return tuple(None if item is None else _filled(of, item, path, label, {}) for item in value)
        return tuple(value) if go_type == "[]interface {}" else tuple(_text(item, label) for item in value)
    raise GoError(misfit(value, go_type, label))


def _text(value: Any, label: str) -> str:
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return float32_text(value)
    if value is None:
        return ""
    raise GoError(misfit(value, "string", label))


def _time(value: Any) -> str:
    """A time stays the text that it was; of what Go says to one that it cannot read, only this much."""
    if type(value) is str and _TIME.fullmatch(value):
        return value
    shown = value if type(value) is str else ""
    raise GoError(
        f"error unmarshaling JSON: while decoding JSON: parsing time {quote(shown)} as "
        f'"2006-01-02T15:04:05Z07:00": cannot parse {quote(shown)} as "2006"'
    )


def write_record(record: Any) -> dict[str, Any]:
    """A record as JSON's object, its members in Go's order; empty ones are left out unless they are always written."""
    written: dict[str, Any] = {}
    for one in fields(record):
        if not one.metadata:
            continue
        value = getattr(record, one.name)
        if value or one.metadata["always"]:
            written[one.metadata["name"]] = _written(value, one.metadata["of"])
    return written


def _written(value: Any, of: Any) -> Any:
    if type(value) is tuple:
        # A slice that Go never filled is nil.
        return [write_record(item) if of is not None else item for item in value] or None
    return dict(value) if isinstance(value, Mapping) else value
