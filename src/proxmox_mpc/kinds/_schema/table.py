"""The table that a spec model is read as: every field's path, wire name, codec, default and cost."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Codec, Value
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


def natural(text: str) -> list[Any]:
    """A sort key in which scsi2 comes before scsi10."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text)]


def _around(path: str, strands: Mapping[str, Strand]) -> Strand | None:
    """The one of these that a path lies in: `disks` for `disks.scsi0.size`."""
    end = path.find(".")
    while end >= 0:
        if (found := strands.get(path[:end])) is not None:
            return found
        end = path.find(".", end + 1)
    return None


class Table:
    """The table of one spec model, and the questions that can be asked of it."""

    def __init__(
        self,
        model: type[BaseModel],
        *,
        ignored: frozenset[str] = frozenset(),
        made_by_server: frozenset[str] = frozenset(),
        usual: Callable[[str, str], Impact] | None = None,
    ) -> None:
        self.model = model
        self._usual = usual
        self.made_by_server = made_by_server
        """Raw options that the server makes up: compared when declared, left out of exports."""
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
                self._enter(groups[0], inner, here, key, info, collect)
            elif wires:
                wire = wires[0]
                leaf = Leaf(here, wire.key or key, wire.part, wire.codec or _codec_of(info), wire, info)
                self._leaves.append(leaf)
                if collect is not None:
                    collect.append(leaf)

    def _enter(
        self, group: Group, inner: type[BaseModel], path: str, key: str, info: FieldInfo, collect: list[Leaf] | None
    ) -> None:
        if not group.key and not group.keys:
            self._walk(inner, path, key, collect)
            return
        leaves: list[Leaf] = []
        self._walk(inner, f"{path}.*" if group.keys else path, group.key or "*", leaves)
        inherited = [
            replace(leaf, wire=replace(leaf.wire, impact=max(leaf.wire.impact, group.impact))) for leaf in leaves
        ]
        self._leaves[-len(leaves) :] = inherited
        self.strands.append(Strand(path, group, tuple(inherited), info))

    @cached_property
    def scalars(self) -> dict[str, Leaf]:
        inside = {leaf.path for strand in self.strands for leaf in strand.leaves}
        return {leaf.key: leaf for leaf in self._leaves if leaf.key and not leaf.part and leaf.path not in inside}

    @cached_property
    def secret_keys(self) -> frozenset[str]:
        """Parameters that are shown nowhere, also where the API answers them."""
        return frozenset(leaf.key for leaf in self._leaves if leaf.wire.secret)

    @cached_property
    def shared(self) -> dict[str, list[Leaf]]:
        """Leaves that are parts of one parameter without being a group of their own, such as `cpu`."""
        inside = {leaf.path for strand in self.strands for leaf in strand.leaves}
        shared: dict[str, list[Leaf]] = {}
        for leaf in self._leaves:
            if leaf.key and leaf.part and leaf.path not in inside:
                shared.setdefault(leaf.key, []).append(leaf)
        return shared

    @cached_property
    def preferences(self) -> frozenset[str]:
        """Fields that say where or how one would like it best."""
        return frozenset(path for path, leaf in self.leaves.items() if leaf.wire.preference)

    # -- questions about one path ----------------------------------------------------------------------------------

    def leaf(self, path: str) -> Leaf | None:
        """The leaf of a concrete path (`disks.scsi0.size`), or None for `options.*` and unknown paths."""
        if (found := self.leaves.get(path)) is not None:
            return found
        if (strand := _around(path, self._lists)) is None:
            return None
        return self.leaves.get(f"{strand.path}.*.{path[len(strand.path) + 1 :].partition('.')[2]}")

    def strand_of(self, path: str) -> Strand | None:
        """The property string or keyed list that a path lies in."""
        return _around(path, self._by_path)

    def home_of(self, path: str) -> str | None:
        """The one property string that a path is a part of: `agent`, or the item `disks.scsi0`."""
        strand = self.strand_of(path)
        return (self.item_of(path) if strand.is_list else strand.path) if strand is not None else None

    def item_of(self, path: str) -> str | None:
        """The keyed item that a path lies in: `disks.scsi0` for `disks.scsi0.size`."""
        if (strand := _around(path, self._lists)) is None:
            return None
        return f"{strand.path}.{path[len(strand.path) + 1 :].partition('.')[0]}"

    def key_of(self, path: str) -> str:
        """The wire parameter that holds a field: net0 for `networks.net0.bridge`, cpu for `cpu.type`."""
        if (item := self.item_of(path)) is not None:
            return item.rpartition(".")[2]
        if (strand := self.strand_of(path)) is not None:
            return strand.group.key
        leaf = self.leaf(path)
        return leaf.key if leaf is not None and leaf.key != "*" else path.removeprefix(f"{OPTIONS}.")

    def default(self, path: str) -> Value | None:
        leaf = self.leaf(path)
        return leaf.wire.default if leaf else None

    def impact(self, path: str) -> Impact:
        """What changing this field of a running guest costs; raw options cost a reboot unless a kind knows better."""
        leaf, strand = self.leaf(path), self.strand_of(path)
        if self._usual is not None and (leaf is None or leaf.wire.impact is Impact.NONE):
            key = leaf.key if leaf is not None and leaf.key != "*" else ""
            if strand is not None:
                key = f"{strand.group.keys[0]}0" if strand.is_list else strand.group.key
            if leaf is None and strand is None:
                key = path.removeprefix(f"{OPTIONS}.")
            part = leaf.part if leaf is not None else ""
            return self._usual(key, part) if key and not (leaf and leaf.wire.hint) else Impact.NONE
        if leaf is not None:
            return leaf.wire.impact
        return strand.group.impact if strand is not None else Impact.PENDING

    def show(self, path: str, value: Value | None) -> Any:
        """A canonical value as a person would write it."""
        leaf = self.leaf(path)
        if value is None or leaf is None:
            return value
        return leaf.codec.show(value)

    def field_of(self, key: str) -> str | None:
        """The field that stands for a wire parameter, if one does: `memory` for memory, `networks` for net0."""
        if (leaf := self.scalars.get(key)) is not None:
            return leaf.path
        if key in self.shared:
            return self.shared[key][0].path
        return next((strand.path for strand in self.strands if strand.slot_of(key) is not None), None)

    def field_of_part(self, home: str, part: str) -> str | None:
        """The field that stands for a part of the property string at `home`: `disks.scsi0.limits.iops` for iops."""
        for leaf in self._leaves:
            if part and part in (leaf.part, *leaf.wire.aliases):
                strand = next((s for s in self.strands if leaf in s.leaves), None)
                inner = leaf.path[len(strand.path) :].removeprefix(".*") if strand is not None else ""
                if strand is None and leaf.path.rpartition(".")[0] == home:
                    return leaf.path
                if strand is not None and (home.rpartition(".")[0] if strand.is_list else home) == strand.path:
                    return f"{home}{inner}"
        return None

    def field_of_problem(self, name: str) -> str | None:
        """The field that the API means by the name of a parameter or of its part: `networks.net0.mtu` for net0.mtu."""
        key, _, part = name.partition(".")
        homes = [strand.at(slot) for strand in self.strands if (slot := strand.slot_of(key)) is not None]
        found = (self.field_of_part(home, part) for home in homes)
        return next((field for field in found if field is not None), next(iter(homes), None) or self.field_of(key))

    def differences(self, live: Mapping[str, Value], desired: Mapping[str, Value]) -> Iterator[str]:
        """Paths whose desired value means something else than the live one.

        What the cluster cannot show (hints, preferences, creation-only fields, secrets) is not compared here.
        """
        for path, value in desired.items():
            wire = leaf.wire if (leaf := self.leaf(path)) is not None else None
            if wire is not None and (wire.hint or wire.preference or wire.create_only or wire.secret):
                continue
            if path.startswith("metadata.") and path not in live:
                continue  # what the object cannot show is not compared
            item = self.item_of(path)
            if item is not None and value not in EMPTY and not any(other.startswith(f"{item}.") for other in live):
                yield path  # of an item that is not there, no default is either
            elif not self.same(path, live.get(path), value):
                yield path

    def same(self, path: str, live: Value | None, wanted: Value | None) -> bool:
        """Whether two values of a field mean the same; what is absent means its default, or nothing."""
        default = self.default(path)
        one, other = (default if value is None or value in EMPTY else value for value in (live, wanted))
        if isinstance(one, str) and isinstance(other, str) and self.leaf(path) is None:
            return _codec.option_text(one) == _codec.option_text(other)
        covers = leaf.wire.covers if (leaf := self.leaf(path)) is not None else None
        return one == other or bool(covers and one is not None and other is not None and covers(one, other))

    def ordered(self, fields: Mapping[str, Value]) -> list[str]:
        """The paths in the order of the declarations, list items by their slots."""
        return sorted(fields, key=self._placed)

    @cached_property
    def _placed(self) -> Callable[[str], tuple[int, list[Any], int, str]]:
        """Where a path stands. The same few hundred come again with every guest of a plan."""
        return lru_cache(maxsize=4096)(self._position)

    def _position(self, path: str) -> tuple[int, list[Any], int, str]:
        strand, leaf = _around(path, self._lists), self.leaf(path)
        slot = path[len(strand.path) + 1 :].partition(".")[0] if strand else ""
        own = self._rank[leaf.path] if leaf else len(self._rank)
        first = self._rank[strand.leaves[0].path] if strand else own
        return first, natural(slot), own, path

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {path: index for index, path in enumerate(self.leaves)}

    @cached_property
    def _by_path(self) -> dict[str, Strand]:
        return {strand.path: strand for strand in self.strands}

    @cached_property
    def _lists(self) -> dict[str, Strand]:
        return {strand.path: strand for strand in self.strands if strand.is_list}
