"""Written ↔ canonical: a spec as a person writes it, and the flat fields in which everything is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._field import Verbatim
from proxmox_mpc.kinds._schema.table import Table, model_of


def flatten(table: Table, spec: BaseModel) -> tuple[Fields, dict[str, str]]:
    """Canonical fields of a spec, and apart from them the secrets in it, by path."""
    fields: Fields = {}
    secrets: dict[str, str] = {}
    for path, value in _walk_set(spec, ""):
        leaf = table.leaf(path)
        if leaf is None:
            fields[path] = _codec.raw_text(value)
        elif leaf.wire.secret:
            secrets[path] = str(value)
        else:
            # Validation has parsed numbers and sizes already; texts and lists still have many spellings.
            fields[path] = value if isinstance(value, bool | int) else leaf.codec.read(value)
    return fields, secrets


def nest(table: Table, fields: Mapping[str, Value], *, slim: bool = True) -> dict[str, Any]:
    """A spec as a person would write it; `slim` leaves out defaults and what only the cluster decides."""
    spec: dict[str, Any] = {}
    lists = {strand.path for strand in table.strands if strand.is_list}
    for path in table.ordered(fields):
        value, leaf = fields[path], table.leaf(path)
        if slim and path.removeprefix("options.") in table.made_by_server:
            continue
        if slim and leaf is not None and (leaf.wire.quiet or leaf.wire.secret or leaf.wire.default == value):
            continue
        node = spec
        parents = path.split(".")
        for depth, name in enumerate(parents[:-1]):
            here = ".".join(parents[: depth + 1])
            if here in lists:
                node = node.setdefault(name, {})
            elif ".".join(parents[:depth]) in lists:
                node = node.setdefault(name, {"slot": name})
            else:
                node = node.setdefault(name, {})
        node[parents[-1]] = table.show(path, value)
    for path in lists:
        _listed(spec, path.split("."))
    return spec


def _walk_set(model: BaseModel, base: str, *, is_item: bool = False) -> Iterator[tuple[str, Any]]:
    """Every value that was written in a spec, by path; list items by their slot."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if value is None or (name == "slot" and is_item) or any(isinstance(i, Verbatim) for i in info.metadata):
            continue
        path = f"{base}.{info.alias or name}" if base else (info.alias or name)
        if isinstance(value, BaseModel):
            yield from _walk_set(value, path)
        elif isinstance(value, dict):
            yield from ((f"{path}.{key}", item) for key, item in value.items())
        elif isinstance(value, list) and model_of(info.annotation) is not None:
            for index, item in enumerate(value):
                slot = getattr(item, "slot", None) or str(index)
                yield from _walk_set(item, f"{path}.{slot}", is_item=True)
        else:
            yield path, value


def _listed(spec: dict[str, Any], path: list[str]) -> None:
    """Turn the map of items at `path` into the list that a person writes."""
    node: Any = spec
    for name in path[:-1]:
        node = node.get(name)
        if node is None:
            return
    if path[-1] in node:
        node[path[-1]] = list(node[path[-1]].values())


def slots_used_twice(model: BaseModel, base: str = "") -> Iterator[tuple[str, str]]:
    """Slots that two items of a spec name, also in different lists: the path of the later one, and the slot."""
    seen: set[str] = set()
    for path, slot in _slots(model, base):
        if slot in seen:
            yield path, slot
        seen.add(slot)


def _slots(model: BaseModel, base: str) -> Iterator[tuple[str, str]]:
    for name, info in type(model).model_fields.items():
        value, path = getattr(model, name), f"{base}.{info.alias or name}" if base else (info.alias or name)
        if isinstance(value, BaseModel):
            yield from _slots(value, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if (slot := getattr(item, "slot", None)) is not None:
                    yield f"{path}.{index}.slot", slot
