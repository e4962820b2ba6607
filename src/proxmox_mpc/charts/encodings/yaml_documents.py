"""Values out of libyaml's events, as go-yaml 2 makes them out of its own."""

from __future__ import annotations

import math
import re
from typing import Any

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from proxmox_mpc.charts.encodings.yaml_scalars import INT64, Undecodable, float32_text, go_syntax, scalar
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes

# Go's limit is 10,000. No chart nests 30 deep, and what walks values recursively must end far below Python's own limit.
MAX_DEPTH = 200

# A letter of Unicode's private use, which stands for a colon that libyaml would refuse.
COLON = "\ue03a"

_ESCAPED_SLASH = re.compile(r'"(?:[^\\]|\\[^/])*?\\/', re.DOTALL)
_MERGE_TAG = "tag:yaml.org,2002:merge"


class _Unsupported(str):
    """A key that JSON cannot have, as what is to be said of it when everything else has been read."""

    __slots__ = ()


# The key of the next value: not read yet, or `<<`.
_NO_KEY = object()
_MERGE = object()


class Document:
    """Makes values from libyaml's events, without recursion: a hostile text nests 100,000 deep."""

    def __init__(self, text: str, integers: bool, colons: int = 0) -> None:
        self.colons = colons
        self.parser: Any = CParser(go_bytes(text))
        # libyaml reads the escape `\/` of JSON, and go-yaml 2 does not.
        self.text = text if "\\/" in text else ""
        self.integers = integers
        self.anchors: dict[str, Any] = {}
        # What go-yaml counts to find a bomb: all nodes that it decodes, and those that it decodes for an alias.
        self.nodes = 0
        self.aliased = 0
        # Something stands in it that JSON cannot have.
        self.odd = False

    def read(self) -> Any:
        self.parser.get_event()
        start = self.parser.get_event()
        if type(start) is StreamEndEvent:
            return None
        if start.version and tuple(start.version) != (1, 1):
            line = start.start_mark.line
            raise GoError(f"yaml: {f'line {line}: ' if line else ''}found incompatible YAML document")
        try:
            value = self.build()
        except Undecodable:
            self.drain()
            raise
        if self.odd:
            _refuse_oddities(value)
        return value

    def build(self) -> Any:
        next_event = self.parser.get_event
        # The lists and maps that are open, outermost first, each with the key that waits for its value.
        open_holders: list[tuple[Any, Any]] = []
        holder: Any = None
        key: Any = _NO_KEY
        value: Any = None
        # How many of them are written with brackets and braces; those are the innermost.
        flow = 0
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self.nodes += 1
                text, tag = event.value, event.tag
                if self.text and event.style == '"':
                    self.refuse_slash(event)
                plain = event.implicit[0]
                if flow and "?" in text and not event.style:
                    raise GoError(self.expected(event, holder))
                if self.colons:
                    text = text.replace(COLON, ":")
                value = scalar(text, tag) if plain or tag else text
                if event.anchor:
                    self.anchors[event.anchor] = value
                if key is _NO_KEY and text == "<<" and type(holder) is dict and (plain or tag == _MERGE_TAG):
                    key = _MERGE
                    continue
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.nodes += 1
                if len(open_holders) >= MAX_DEPTH:
                    raise GoError(f"yaml: line {event.start_mark.line + 1}: exceeded max depth of {MAX_DEPTH}")
                open_holders.append((holder, key))
                flow += bool(event.flow_style)
                holder = {} if kind is MappingStartEvent else []
                key = _NO_KEY
                if event.anchor:
                    self.anchors[event.anchor] = holder
                continue
            elif kind is AliasEvent:
                value = self.alias(event.anchor, holder, open_holders)
            elif kind is DocumentEndEvent:
                return self.json(value)
            else:
                value = holder
                holder, key = open_holders.pop()
                flow -= flow > 0
            if type(holder) is list:
                holder.append(self.json(value))
            elif key is _NO_KEY:
                if holder is not None:
                    key = self.key(value)
            else:
                if key is _MERGE:
                    _merge(holder, value, aliased=kind is AliasEvent)
                else:
                    holder[key] = self.json(value)
                key = _NO_KEY

    def expected(self, event: Any, holder: Any) -> str:
        """go-yaml ends a plain scalar between brackets at a `?`, and wants a comma there."""
        line = event.start_mark.line
        closing = "]" if type(holder) is list else "}"
        return f"yaml: {f'line {line}: ' if line else ''}did not find expected ',' or '{closing}'"

    def refuse_slash(self, event: Any) -> None:
        written = self.text[event.start_mark.index : event.end_mark.index]
        if found := _ESCAPED_SLASH.match(written):
            line = event.start_mark.line + found[0].count("\n")
            raise GoError(f"yaml: {f'line {line + 1}: ' if line else ''}found unknown escape character")

    def json(self, value: Any) -> Any:
        """A value as JSON gives it back."""
        if type(value) is int:
            return value if self.integers and value in INT64 else self.float(value)
        if type(value) is float and not math.isfinite(value):
            self.odd = True
        return value

    def float(self, value: int) -> float:
        try:
            return float(value)
        except OverflowError:
            self.odd = True
            return math.inf

    def key(self, value: Any) -> str:
        """A key as JSON has it."""
        kind = type(value)
        if kind is str:
            return str(value)
        if kind is bool:
            return "true" if value else "false"
        if kind is int and value in INT64:
            return str(value)
        if kind is float:
            return float32_text(value)
        if kind is dict or kind is list:
            raise Undecodable(f"yaml: invalid map key: {go_syntax(value)}")
        self.odd = True
        go_type, shown = ("%!s(<nil>)", "<nil>") if value is None else ("uint64", hex(value))
        return _Unsupported(f"unsupported map key of type: {go_type}, key: {shown}, value: ")

    def alias(self, name: str, holder: Any, open_holders: list[tuple[Any, Any]]) -> Any:
        if name not in self.anchors:
            raise GoError(f"yaml: unknown anchor '{name}' referenced")
        value = self.anchors[name]
        self.nodes += 1
        if type(value) is not dict and type(value) is not list:
            self.count()
            return value
        if value is holder or any(value is outer for outer, _ in open_holders):
            raise Undecodable(f"yaml: anchor '{name}' value contains itself")
        return self.copy(value, len(open_holders))

    def copy(self, value: Any, depth: int) -> Any:
        """Every alias is a value of its own, as templates may change one of them."""
        if depth > MAX_DEPTH:
            raise Undecodable(f"yaml: exceeded max depth of {MAX_DEPTH}")
        self.count()
        if type(value) is dict:
            for _ in value:
                self.count()
            return {key: self.copy(item, depth + 1) for key, item in value.items()}
        if type(value) is list:
            return [self.copy(item, depth + 1) for item in value]
        return value

    def count(self) -> None:
        """One more node in an alias. Up to 400,000 nodes 99% may be, from 4,000,000 on 10%, as in go-yaml 2.4."""
        self.nodes += 1
        self.aliased += 1
        if self.aliased > 100 and self.nodes > 1000:
            beyond = min(max(self.nodes - 400_000, 0) / 3_600_000, 1)
            if self.aliased / self.nodes > 0.99 - 0.89 * beyond:
                raise Undecodable("yaml: document contains excessive aliasing")

    def drain(self) -> None:
        """Parse the rest: an error in its syntax is told before one in its values."""
        while type(event := self.parser.get_event()) is not DocumentEndEvent:
            if type(event) is AliasEvent and event.anchor not in self.anchors:
                raise GoError(f"yaml: unknown anchor '{event.anchor}' referenced")
            if type(event) is not AliasEvent and getattr(event, "anchor", None):
                self.anchors[event.anchor] = None


def _merge(holder: dict[str, Any], value: Any, *, aliased: bool) -> None:
    """`<<` lays maps over the keys before it, too; of a list the first map wins."""
    maps = list(reversed(value)) if type(value) is list and not aliased else [value]
    if not all(type(one) is dict for one in maps):
        raise Undecodable("yaml: map merge requires map or sequence of maps as the value")
    for one in maps:
        holder.update(one)


def _refuse_oddities(value: Any) -> None:
    """Raise for a key, and after all keys for a number, that JSON cannot have."""
    numbers: list[float] = []
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if type(found) is dict:
            for key, item in found.items():
                if type(key) is _Unsupported:
                    raise GoError(f"{key}{'<nil>' if item is None else go_syntax(item)}")
            waiting += (found[key] for key in sorted(found, reverse=True))
        elif type(found) is list:
            waiting += reversed(found)
        elif type(found) is float and not math.isfinite(found):
            numbers.append(found)
    if numbers:
        shown = "NaN" if math.isnan(numbers[0]) else "+Inf" if numbers[0] > 0 else "-Inf"
        raise GoError(f"json: unsupported value: {shown}")
