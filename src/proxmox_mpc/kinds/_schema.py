"""A spec model, read as a table: every field's path, wire name, codec, default and cost.

From this one table come the four conversions that every kind needs, none of which knows a kind:

- `flatten`: a written spec → canonical fields by path (`disks.scsi0.size`);
- `nest`: canonical fields → a spec as a person would write it;
- `decode`: a configuration as the API answers it → canonical fields;
- `encode`: canonical fields → parameters as the API takes them.

`nest(decode(config))` flattened again equals `decode(config)`: that is why an export plans to nothing.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Codec, Fields, Value
from proxmox_mpc.kinds._field import Group, Impact, Wire

HIDDEN = "********"
"""Stands in live fields for a secret that is set but cannot be read."""
EMPTY: tuple[Value, ...] = ([], "")
"""PVE has no empty texts and lists: they mean the same as an absent parameter."""
OPTIONS = "options"
"""The map in which a model holds raw parameters that have no field of their own."""

_BARE_CODECS: dict[type, Codec] = {
    bool: _codec.FLAG,
    int: _codec.INTEGER,
    float: _codec.NUMBER,
    str: _codec.TEXT,
    list: _codec.COMMAS,
}


@dataclass(frozen=True)
class Leaf:
    """One value of a spec. `path` has `*` where a keyed list's slot stands; `key` is the wire parameter."""

    path: str
    key: str
    part: str
    codec: Codec
    wire: Wire
    info: FieldInfo

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Strand:
    """A property string or keyed list: the group, where it stands, and its leaves by part."""

    path: str
    group: Group
    leaves: tuple[Leaf, ...]
    info: FieldInfo

    @property
    def is_list(self) -> bool:
        return bool(self.group.keys)

    def slot_of(self, key: str) -> str | None:
        """The slot that a wire key names here: `net0` for a list of `net`, the empty string for a single group."""
        if not self.is_list:
            return "" if key == self.group.key else None
        name = key.rstrip("0123456789")
        return key if name in self.group.keys and name != key else None

    def at(self, slot: str) -> str:
        return f"{self.path}.{slot}" if slot else self.path


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside `Model`, `Model | None`, `list[Model]`, or None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in typing.get_args(annotation):
        if (found := model_of(inner)) is not None:
            return found
    return None


def _codec_of(info: FieldInfo) -> Codec:
    for item in info.metadata:
        if isinstance(item, Codec):
            return item
    for option in _options_of(info.annotation):
        if typing.get_origin(option) is typing.Annotated:
            for item in typing.get_args(option)[1:]:
                if isinstance(item, Codec):
                    return item
            option = typing.get_args(option)[0]
        origin = typing.get_origin(option) or option
        if origin is typing.Literal:
            return _codec.TEXT
        if origin in _BARE_CODECS:
            return _BARE_CODECS[origin]
    return _codec.TEXT


def _options_of(annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [option for option in typing.get_args(annotation) if option is not type(None)]
    return [annotation]


class Schema:
    """The table of one spec model."""

    def __init__(self, model: type[BaseModel], *, ignored: frozenset[str] = frozenset()) -> None:
        self.model = model
        self.ignored = ignored
        """Wire keys that are no configuration: digests, runtime facts."""
        self._leaves: list[Leaf] = []
        self.strands: list[Strand] = []
        self._walk(model, "", "", None)
        self.leaves: dict[str, Leaf] = {leaf.path: leaf for leaf in self._leaves}

    def _walk(self, model: type[BaseModel], path: str, key: str, collect: list[Leaf] | None) -> None:
        for name, info in model.model_fields.items():
            alias = info.alias or name
            here = f"{path}.{alias}" if path else alias
            wires = [item for item in info.metadata if isinstance(item, Wire)]
            groups = [item for item in info.metadata if isinstance(item, Group)]
            inner = model_of(info.annotation)
            if alias == OPTIONS:
                continue  # a map of raw values, not a value
            if groups and inner is not None:
                self._enter(groups[0], inner, here, key, info)
            elif wires:
                wire = wires[0]
                leaf = Leaf(here, wire.key or key, wire.part, wire.codec or _codec_of(info), wire, info)
                self._leaves.append(leaf)
                if collect is not None:
                    collect.append(leaf)

    def _enter(self, group: Group, inner: type[BaseModel], path: str, key: str, info: FieldInfo) -> None:
        if not group.key and not group.keys:
            self._walk(inner, path, key, None)
            return
        leaves: list[Leaf] = []
        self._walk(inner, f"{path}.*" if group.keys else path, group.key or "*", leaves)
        inherited = [
            replace(leaf, wire=replace(leaf.wire, impact=max(leaf.wire.impact, group.impact))) for leaf in leaves
        ]
        self._leaves[-len(leaves) :] = inherited
        self.strands.append(Strand(path, group, tuple(inherited), info))

    @cached_property
    def _scalars(self) -> dict[str, Leaf]:
        inside = {leaf.path for strand in self.strands for leaf in strand.leaves}
        return {leaf.key: leaf for leaf in self._leaves if leaf.key and not leaf.part and leaf.path not in inside}

    @cached_property
    def _shared(self) -> dict[str, list[Leaf]]:
        """Leaves that are parts of one parameter without being a group of their own, such as `cpu`."""
        inside = {leaf.path for strand in self.strands for leaf in strand.leaves}
        shared: dict[str, list[Leaf]] = {}
        for leaf in self._leaves:
            if leaf.key and leaf.part and leaf.path not in inside:
                shared.setdefault(leaf.key, []).append(leaf)
        return shared

    # -- questions about one path ----------------------------------------------------------------------------------

    def leaf(self, path: str) -> Leaf | None:
        """The leaf of a concrete path (`disks.scsi0.size`), or None for `options.*` and unknown paths."""
        if (found := self.leaves.get(path)) is not None:
            return found
        for strand in self.strands:
            if strand.is_list and path.startswith(strand.path + "."):
                rest = path[len(strand.path) + 1 :].partition(".")[2]
                return self.leaves.get(f"{strand.path}.*.{rest}")
        return None

    def strand_of(self, path: str) -> Strand | None:
        """The property string or keyed list that a path lies in."""
        return next((strand for strand in self.strands if path.startswith(f"{strand.path}.")), None)

    def home_of(self, path: str) -> str | None:
        """The one property string that a path is a part of: `agent`, or the item `disks.scsi0`."""
        strand = self.strand_of(path)
        return (self.item_of(path) if strand.is_list else strand.path) if strand is not None else None

    def item_of(self, path: str) -> str | None:
        """The keyed item that a path lies in: `disks.scsi0` for `disks.scsi0.size`."""
        for strand in self.strands:
            if strand.is_list and path.startswith(strand.path + "."):
                return f"{strand.path}.{path[len(strand.path) + 1 :].partition('.')[0]}"
        return None

    def default(self, path: str) -> Value | None:
        leaf = self.leaf(path)
        return leaf.wire.default if leaf else None

    def impact(self, path: str) -> Impact:
        """What changing this field of a running guest costs; raw options cost a reboot unless a kind knows better."""
        leaf = self.leaf(path)
        if leaf is not None:
            return leaf.wire.impact
        for strand in self.strands:
            if path.startswith(strand.path + "."):
                return strand.group.impact
        return Impact.PENDING

    def show(self, path: str, value: Value | None) -> Any:
        """A canonical value as a person would write it."""
        leaf = self.leaf(path)
        if value is None or leaf is None:
            return value
        return leaf.codec.show(value)

    def field_of(self, key: str) -> str | None:
        """The field that stands for a wire parameter, if one does: `memory` for memory, `networks` for net0."""
        if (leaf := self._scalars.get(key)) is not None:
            return leaf.path
        if key in self._shared:
            return self._shared[key][0].path
        return next((s.path for s in self.strands if s.slot_of(key) is not None and s.group.claims is None), None)

    def differences(self, live: Mapping[str, Value], desired: Mapping[str, Value]) -> Iterator[str]:
        """Paths whose desired value means something else than the live one.

        What the cluster cannot show (hints, preferences, creation-only fields, secrets) is not compared here.
        """
        for path, value in desired.items():
            wire = leaf.wire if (leaf := self.leaf(path)) is not None else None
            if wire is not None and (wire.hint or wire.preference or wire.create_only or wire.secret):
                continue
            if not self.same(path, live.get(path), value):
                yield path

    def same(self, path: str, live: Value | None, wanted: Value | None) -> bool:
        """Whether two values of a field mean the same; what is absent means its default, or nothing."""
        default = self.default(path)
        one, other = (default if value is None or value in EMPTY else value for value in (live, wanted))
        return one == other

    # -- written ↔ canonical ---------------------------------------------------------------------------------------

    def flatten(self, spec: BaseModel) -> tuple[Fields, dict[str, str]]:
        """Canonical fields of a spec, and apart from them the secrets in it, by path."""
        fields: Fields = {}
        secrets: dict[str, str] = {}
        for path, value in _walk_set(spec, ""):
            leaf = self.leaf(path)
            if leaf is None:
                fields[path] = _codec.option_text(value)
            elif leaf.wire.secret:
                secrets[path] = str(value)
            else:
                # Validation has parsed numbers and sizes already; texts and lists still have many spellings.
                fields[path] = value if isinstance(value, bool | int) else leaf.codec.read(value)
        return fields, secrets

    def nest(self, fields: Mapping[str, Value], *, slim: bool = True) -> dict[str, Any]:
        """A spec as a person would write it; `slim` leaves out defaults and what only the cluster decides."""
        spec: dict[str, Any] = {}
        lists = {strand.path for strand in self.strands if strand.is_list}
        for path in self._ordered(fields):
            value, leaf = fields[path], self.leaf(path)
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
            node[parents[-1]] = self.show(path, value)
        for path in lists:
            _listed(spec, path.split("."))
        return spec

    def _ordered(self, fields: Mapping[str, Value]) -> list[str]:
        rank = {path: index for index, path in enumerate(self.leaves)}
        last = len(rank)

        def position(path: str) -> tuple[int, list[Any], int, str]:
            strand = next((s for s in self.strands if s.is_list and path.startswith(s.path + ".")), None)
            slot = path[len(strand.path) + 1 :].partition(".")[0] if strand else ""
            leaf = self.leaf(path)
            own = rank[leaf.path] if leaf else last
            first = rank[strand.leaves[0].path] if strand else own
            return first, natural(slot), own, path

        return sorted(fields, key=position)

    # -- wire ↔ canonical ------------------------------------------------------------------------------------------

    def decode(self, config: Mapping[str, Any]) -> Fields:
        """Canonical fields of a configuration as the API answers it; nothing that it holds is dropped."""
        fields: Fields = {}
        for key, raw in config.items():
            if key in self.ignored or raw is None:
                continue
            if (leaf := self._scalars.get(key)) is not None:
                fields[leaf.path] = HIDDEN if leaf.wire.secret else leaf.codec.read(raw)
            elif key in self._shared:
                self._decode_parts(
                    _codec.parse_property_string(str(raw), self._shared[key][0].part),
                    self._shared[key],
                    "",
                    fields,
                )
            elif (found := self._strand_of(key, str(raw))) is not None:
                strand, slot = found
                parts = _codec.parse_property_string(str(raw), strand.group.default_part)
                if strand.group.read:
                    parts = strand.group.read(parts)
                self._decode_parts(parts, strand.leaves, strand.at(slot), fields)
            else:
                fields[f"{OPTIONS}.{key}"] = _codec.option_text(raw)
        return fields

    def _strand_of(self, key: str, raw: str) -> tuple[Strand, str] | None:
        for strand in self.strands:
            slot = strand.slot_of(key)
            if slot is None:
                continue
            if strand.group.claims is None:
                return strand, slot
            if strand.group.claims(_codec.parse_property_string(raw, strand.group.default_part)):
                return strand, slot
        return None

    def _decode_parts(self, parts: dict[str, str], leaves: Any, base: str, fields: Fields) -> None:
        by_part = {leaf.part: leaf for leaf in leaves}
        home = base or by_part[next(iter(by_part))].path.rpartition(".")[0]
        for part, text in parts.items():
            leaf = by_part.get(part)
            if leaf is None:
                fields[f"{home}.{OPTIONS}.{part}"] = text
            else:
                inner = leaf.path.split(".*.")[-1] if "*" in leaf.path else leaf.path
                fields[f"{base}.{inner}" if "*" in leaf.path else inner] = (
                    HIDDEN if leaf.wire.secret else leaf.codec.read(text)
                )

    def encode(self, fields: Mapping[str, Value], secrets: Mapping[str, str] | None = None) -> dict[str, str]:
        """Parameters that hold these fields, as the API takes them; fields that are not the API's are left out."""
        params: dict[str, str] = {}
        strings: dict[tuple[str, str], dict[str, str]] = {}
        everything: dict[str, Value] = {p: v for p, v in {**fields, **(secrets or {})}.items() if v not in EMPTY}
        for path in self._ordered(everything):
            value = everything[path]
            if (strand := self.strand_of(path)) is not None:
                rest = path[len(strand.path) + 1 :]
                slot, _, inner = rest.partition(".") if strand.is_list else ("", "", rest)
                leaf = self.leaf(path)
                part = leaf.part if leaf else inner.removeprefix(f"{OPTIONS}.")
                if part:
                    text = leaf.codec.write(value) if leaf else str(value)
                    strings.setdefault((strand.path, slot), {})[part] = text
            elif path.startswith(f"{OPTIONS}."):
                params[path[len(OPTIONS) + 1 :]] = str(value)
            elif (leaf := self.leaf(path)) is not None:
                if leaf.part:
                    strings.setdefault((leaf.key, ""), {})[leaf.part] = leaf.codec.write(value)
                elif leaf.key:
                    params[leaf.key] = leaf.codec.write(value)
            else:
                self._encode_shared_option(path, str(value), strings)
        for (home, slot), parts in strings.items():
            strand = next((s for s in self.strands if s.path == home), None)
            if strand is None:
                params[home] = _codec.property_string(parts, self._shared[home][0].part)
                continue
            written = strand.group.write(parts) if strand.group.write else parts
            params[slot or strand.group.key] = _codec.property_string(written, strand.group.default_part)
        return params

    def _encode_shared_option(self, path: str, text: str, strings: dict[tuple[str, str], dict[str, str]]) -> None:
        home, _, part = path.rpartition(f".{OPTIONS}.")
        for key, leaves in self._shared.items():
            if leaves[0].path.rpartition(".")[0] == home:
                strings.setdefault((key, ""), {})[part] = text


def natural(text: str) -> list[Any]:
    """A sort key in which scsi2 comes before scsi10."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text)]


def _walk_set(model: BaseModel, base: str) -> Iterator[tuple[str, Any]]:
    """Every value that was written in a spec, by path; list items by their slot."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if value is None or name == "slot":
            continue
        path = f"{base}.{info.alias or name}" if base else (info.alias or name)
        if isinstance(value, BaseModel):
            yield from _walk_set(value, path)
        elif isinstance(value, dict):
            yield from ((f"{path}.{key}", item) for key, item in value.items())
        elif isinstance(value, list) and model_of(info.annotation) is not None:
            for index, item in enumerate(value):
                slot = getattr(item, "slot", None) or str(index)
                yield from _walk_set(item, f"{path}.{slot}")
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
