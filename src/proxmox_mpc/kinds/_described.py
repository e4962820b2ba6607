"""A kind's fields as people are told of them: type, unit, default, limits, PVE's name, cost, an example.

What belongs here: what is read off the declarations, for `explain` and the reference pages. What never does: layout.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from proxmox_mpc.kinds._examples import EXAMPLES
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._options import VERSIONS
from proxmox_mpc.kinds._regular import CollectionDriver
from proxmox_mpc.kinds._schema import OPTIONS, Leaf, Strand, model_of

_NOTES = {
    "create_only": "decided at creation",
    "hint": "steers requests; never compared",
    "preference": "compared with what was applied last, not with what lives",
    "secret": "secret: written, never read or shown",
    "quiet": "chosen by PVE unless written",
    "sticky": "stays when it is not declared any more",
}
_LIMITS = {
    "ge": "at least {}",
    "le": "at most {}",
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
}
_SUCH_AS = re.compile(r"such as ([^\s,;]*[^\s,;.])")


@dataclass(frozen=True)
class Described:
    """One field. `path` is as a manifest nests it, with `[]` behind lists: `disks[].size`; `fields` are those below."""

    path: str
    type: str
    help: str
    required: bool = False
    default: Any = None
    limits: str = ""
    parameter: str = ""
    impact: str = ""
    example: str = ""
    notes: tuple[str, ...] = ()
    fields: tuple[Described, ...] = ()

    @property
    def name(self) -> str:
        return self.path.removesuffix("[]").rpartition(".")[2]

    def everything(self) -> Iterator[Described]:
        """It, and all that is below it."""
        yield self
        for field in self.fields:
            yield from field.everything()


def described(kind: Kind) -> tuple[Described, ...]:
    """All fields of a kind's spec, in their order."""
    return _fields(kind, kind.model, "", None)


def versions(kind: Kind) -> list[str]:
    """The versions of PVE that have the kind, of those whose API is known."""
    from proxmox_mpc.pve import Facts

    if kind.kept:
        return sorted(VERSIONS)
    until = kind.driver.collection.until if isinstance(kind.driver, CollectionDriver) else 1000
    writes = kind.driver.writes()
    known = [v for v in sorted(VERSIONS) if int(v.partition(".")[0]) < until]
    return [v for v in known if any(Facts.load(v).method(write.verb, write.path) for write in writes)]


def _fields(kind: Kind, model: type[BaseModel], base: str, strand: Strand | None) -> tuple[Described, ...]:
    return tuple(_field(kind, info, base, info.alias or name, strand) for name, info in model.model_fields.items())


def _field(kind: Kind, info: FieldInfo, base: str, name: str, strand: Strand | None) -> Described:
    path = f"{base}.{name}" if base else name
    own, inner = path.replace("[]", ".*"), model_of(info.annotation)
    help, required = info.description or "", info.is_required()
    if name == OPTIONS:
        return Described(path, "map", help, required, example=_nested(path, "{ KEY: VALUE }"))
    if inner is not None:
        below = next((s for s in kind.schema.strands if s.path == own), None)
        is_list = below.is_list if below is not None else "list" in str(info.annotation)
        here = f"{path}[]" if is_list else path
        parameter = (f"{below.group.keys[0]}N" if is_list else below.group.key) if below is not None else ""
        type_ = "list" if is_list else "group"
        return Described(here, type_, help, required, parameter=parameter, fields=_fields(kind, inner, here, below))
    leaf = kind.schema.leaves.get(own)
    if leaf is None:
        return Described(
            path, "map", help, required, example=_nested(path, EXAMPLES.get(f"{kind.name}.{path}", "{ … }"))
        )
    wire = leaf.wire
    key = leaf.key if leaf.key != "*" else ", ".join(f"{k}N" for k in strand.group.keys) if strand is not None else ""
    return Described(
        path,
        leaf.codec.title,
        help,
        required,
        kind.schema.show(leaf.path, wire.default),
        _limits(info),
        f"{key}: {leaf.part}" if leaf.part and key else key,
        "" if wire.create_only or wire.hint else kind.schema.impact(leaf.path).label,
        _nested(path, f"{strand.group.keys[0]}0" if name == "slot" and strand else _example(kind, leaf, info)),
        tuple(text for fact, text in _NOTES.items() if getattr(wire, fact)),
    )


def _limits(info: FieldInfo) -> str:
    found: list[str] = []
    for item in info.metadata:
        found += [t.format(v) for fact, t in _LIMITS.items() if (v := getattr(item, fact, None)) is not None]
        if pattern := getattr(item, "pattern", None):
            choices = _choices(str(pattern))
            found.append("one of " + ", ".join(choices) if choices else f"matches {pattern}")
    if words := _words(info):
        found.append("one of " + ", ".join(map(str, words)))
    return ", ".join(found)


def _words(info: FieldInfo) -> tuple[Any, ...]:
    """The values of a Literal, or of a Literal that may be left out."""
    options = typing.get_args(info.annotation)
    if typing.get_origin(info.annotation) is typing.Literal:
        return options
    literals = (option for option in options if typing.get_origin(option) is typing.Literal)
    return tuple(word for literal in literals for word in typing.get_args(literal))


def _choices(pattern: str) -> list[str]:
    """The words of a pattern that is nothing but a choice."""
    plain = pattern.removeprefix("^").removesuffix("$")
    inner = plain[1:-1]
    is_choice = plain.startswith("(") and plain.endswith(")") and not re.search(r"[()\[\]\\?*+]", inner)
    return inner.split("|") if is_choice else []


def _example(kind: Kind, leaf: Leaf, info: FieldInfo) -> str:
    """A value as somebody might write it: the codec's own, one of the choices, what the help names, or the default."""
    default = kind.schema.show(leaf.path, leaf.wire.default)
    is_list = leaf.codec.title.startswith("list")
    owners = (kind.name, *(part.__name__ for part in kind.model.__bases__))
    if (
        told := next((EXAMPLES[at] for owner in owners if (at := f"{owner}.{leaf.path}") in EXAMPLES), None)
    ) is not None:
        return told
    if leaf.codec.example:
        return leaf.codec.example.partition(" or ")[0]
    if leaf.codec.title == "true or false":
        return "false" if default is True else "true"
    patterns = (str(pattern) for item in info.metadata if (pattern := getattr(item, "pattern", None)))
    words = [str(word) for word in _words(info)] or [word for pattern in patterns for word in _choices(pattern)]
    if words:
        return _quoted(next((word for word in words if word != default), words[0]))
    if named := _SUCH_AS.search(info.description or ""):
        return f"[{named[1]}]" if is_list else _quoted(named[1])
    if leaf.codec.title in ("integer", "number"):
        least = next((value for item in info.metadata if (value := getattr(item, "ge", None)) is not None), None)
        return str(default or least or 1)
    if (told := EXAMPLES.get(leaf.name)) is not None:
        return told
    return _quoted(str(default)) if default not in (None, "", []) else "[…]" if is_list else "…"


def _quoted(word: str) -> str:
    """A word that YAML would read as something else, in quotes."""
    return word if yaml.safe_load(word) == word else f'"{word}"'


def _nested(path: str, value: str) -> str:
    """A value where its field stands: `disks: [{ size: 50G }]`."""
    *parents, last = path.split(".")
    text = f"{last}: {value}"
    for parent in reversed(parents):
        name = parent.removesuffix("[]")
        text = f"{name}: [{{ {text} }}]" if name != parent else f"{name}: {{ {text} }}"
    return text
