"""Functions on maps. `set`, `unset` and the merges change the map that they are given, as in Sprig."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.functions.casting import string
from proxmox_mpc.charts.functions.defaults import empty
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import Strings, type_of

DICTS = Functions()

# A nil map may be read, and is then empty; what is written to it is lost with an error.
Entries = dict[str, Any]
_MAP = "map[string]interface {}"


@DICTS.function("dict", takes="...interface {}")
def dict_of(*pairs: Any) -> Entries:
    entries = {}
    for at in range(0, len(pairs), 2):
        entries[string(pairs[at])] = pairs[at + 1] if at + 1 < len(pairs) else ""
    return entries


@DICTS.function("get", takes=f"{_MAP}, string")
def get(entries: Entries | None, key: str) -> Any:
    return entries.get(key, "") if entries else ""


@DICTS.function("set", takes=f"{_MAP}, string, interface {{}}")
def set_entry(entries: Entries | None, key: str, value: Any) -> Entries:
    if entries is None:
        raise GoError("assignment to entry in nil map")
    entries[key] = value
    return entries


@DICTS.function("unset", takes=f"{_MAP}, string")
def unset(entries: Entries | None, key: str) -> Entries:
    if entries is None:
        return {}
    entries.pop(key, None)
    return entries


@DICTS.function("hasKey", takes=f"{_MAP}, string")
def has_key(entries: Entries | None, key: str) -> bool:
    return key in (entries or {})


@DICTS.function("pluck", takes=f"string, ...{_MAP}")
def pluck(key: str, *maps: Entries | None) -> list[Any]:
    return [entries[key] for entries in maps if entries and key in entries]


@DICTS.function("keys", takes=f"...{_MAP}")
def keys(*maps: Entries | None) -> Strings:
    return Strings([key for entries in maps for key in sorted(entries or ())])


@DICTS.function("values", takes=_MAP)
def values(entries: Entries | None) -> list[Any]:
    return [entries[key] for key in sorted(entries)] if entries else []


@DICTS.function("pick", takes=f"{_MAP}, ...string")
def pick(entries: Entries | None, *wanted: str) -> Entries:
    return {key: entries[key] for key in wanted if key in entries} if entries else {}


@DICTS.function("omit", takes=f"{_MAP}, ...string")
def omit(entries: Entries | None, *unwanted: str) -> Entries:
    left_out = set(unwanted)
    return {key: value for key, value in (entries or {}).items() if key not in left_out}


@DICTS.function("dig", takes="...interface {}")
def dig(*path: Any) -> Any:
    """The value under several keys, or the default that stands before the map."""
    if len(path) < 3:
        raise GoError("dig needs at least three arguments")
    *names, otherwise, found = path
    _expect_map(found)
    for name in names:
        if type(name) is not str:
            raise GoError(f"interface conversion: interface {{}} is {_named(name)}, not string")
    for at, name in enumerate(names):
        if name not in found:
            return otherwise
        found = found[name]
        if at < len(names) - 1:
            _expect_map(found)
    return found


def _expect_map(value: Any) -> None:
    if type(value) is not dict:
        raise GoError(f"interface conversion: interface {{}} is {_named(value)}, not {_MAP}")


def _named(value: Any) -> str:
    return "nil" if value is None else type_of(value)


@DICTS.function("merge", "mustMerge", takes=f"{_MAP}, ...{_MAP}")
def merge(entries: Entries | None, *others: Entries | None) -> Entries:
    return _merged(entries, others, overwrite=False)


@DICTS.function("mergeOverwrite", "mustMergeOverwrite", takes=f"{_MAP}, ...{_MAP}")
def merge_overwrite(entries: Entries | None, *others: Entries | None) -> Entries:
    return _merged(entries, others, overwrite=True)


def _merged(entries: Entries | None, others: tuple[Entries | None, ...], *, overwrite: bool) -> Entries:
    into = {} if entries is None else entries
    for other in others:
        _merge(into, other or {}, overwrite)
    return into


def _merge(into: Entries, other: Entries, overwrite: bool) -> None:
    """What mergo does: maps are merged, other values fill what is empty, or replace it."""
    if into is other:
        return
    for key, value in other.items():
        if value is None:
            if overwrite:
                into[key] = None
            continue
        here = into.get(key)
        if isinstance(value, dict) and isinstance(here, dict):
            _merge(here, value, overwrite)
            if here:
                continue
        if overwrite or empty(here):
            into[key] = value
