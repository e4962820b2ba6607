"""One kind of section file as a declaration, and the five calls that all of them answer the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.digest import digest

Section: TypeAlias = dict[str, Any]

_STALE = "detected modified configuration - file changed by other user? Try again."
_NEVER_STORED = frozenset({"digest", "delete"})


def _nothing(call: Call, name: str, section: Section) -> None:
    """No further checks."""


@dataclass(frozen=True)
class Collection:
    """What tells one section file from another. Texts may name the `{name}`.

    `file` is its name on the cluster; `key` the parameter that identifies a section; `all` and `one` its paths, and
    `create_at` where POST goes. `needed` options must be there at creation, and may not be deleted. `kinds` limits
    options to types: those listed for a type, and no others (None: all options). `absent_delete` None means that
    deleting what is not there is fine. `list_only` names what a list shows, with its default. `check` sees a new or
    changed section before it is stored.
    """

    file: str
    key: str
    all: str
    one: str
    create_at: str
    defined: str
    absent: str
    absent_update: str
    absent_delete: str | None
    creating: str = ""
    updating: str = ""
    type: str = ""
    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, frozenset[str]] | None = None
    list_only: Mapping[str, str | None] | None = None
    secret: frozenset[str] = frozenset()
    shows_digest: bool = True
    shows_key: bool = False
    check: Callable[[Call, str, Section], None] = _nothing

    def sections(self, call: Call) -> dict[str, Section]:
        return call.cluster.files.setdefault(self.file, {})

    def digest(self, call: Call) -> str:
        return digest(sorted((k, sorted(v.items(), key=str)) for k, v in self.sections(call).items()))

    def needed_by(self, section: Section) -> tuple[str, ...]:
        return self.needed.get(section.get("type", self.type), ())


def show(call: Call, collection: Collection, name: str, *, listed: bool = False) -> Section:
    """A section as the API shows it: numbers as numbers, no secrets."""
    facts = call.routes.method("POST", collection.create_at).parameters
    shown: Section = {}
    section = collection.sections(call)[name]
    if listed and collection.list_only:
        section = {**{k: v for k, v in collection.list_only.items() if v is not None}, **section}
    for key, value in section.items():
        if key in collection.secret or (listed and collection.list_only and key not in collection.list_only):
            continue
        shown[key] = number(facts.facts(key).get("type"), value)
    if listed or collection.shows_key:
        shown[collection.key] = name
    if collection.shows_digest:
        shown["digest"] = collection.digest(call)
    return shown


def number(kind: str | None, value: Any) -> Any:
    """A stored text as the number that its type says (PVE::SectionConfig, 9.1)."""
    if kind not in ("integer", "boolean", "number") or not isinstance(value, str):
        return value
    return int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)


def _given(call: Call, collection: Collection, path_names: frozenset[str]) -> Section:
    left_out = path_names | _NEVER_STORED | {collection.key}
    return {k: v for k, v in call.params.items() if k not in left_out}


def _check_options(collection: Collection, section: Section, given: Section, prefix: str) -> None:
    if collection.kinds is None:
        return
    for key in given:
        if key not in collection.kinds[section["type"]]:
            die(f"{prefix}unexpected property '{key}'")


def create(call: Call, collection: Collection, name: str, section: Section) -> None:
    """Add a section, in PVE's order of complaints."""
    if collection.type:
        section.setdefault("type", collection.type)
    for option in collection.needed_by(section):
        if option not in section:
            die(f"missing value for required option '{option}'")
    _check_options(collection, section, section, "")
    if name in collection.sections(call):
        die(collection.creating + collection.defined.format(name=name))
    collection.check(call, name, section)
    collection.sections(call)[name] = section


def update(call: Call, collection: Collection, name: str, given: Section) -> None:
    """Merge into a section: sets, then deletes; never both of one option."""
    prefix, sections = collection.updating, collection.sections(call)
    if name not in sections:
        die(prefix + collection.absent_update.format(name=name))
    if "digest" in call.params and call.text("digest") != collection.digest(call):
        die(prefix + _STALE)
    section = sections[name]
    needed = collection.needed_by(section)
    known: Container[str] = call.method.parameters.indexes
    if collection.kinds is not None:
        known = collection.kinds[section["type"]] - {"type"}
    if given.pop("type", section.get("type")) != section.get("type"):
        die(f"{prefix}unexpected property 'type'")
    _check_options(collection, section, given, prefix)
    for key in call.items("delete"):
        if key not in known or key in _NEVER_STORED:
            die(f"{prefix}no such option '{key}'")
        if key in given:
            die(f"{prefix}cannot set and delete property '{key}' at the same time!")
        if key in needed:
            die(f"{prefix}unable to delete required option '{key}'")
    merged = {k: v for k, v in {**section, **given}.items() if k not in call.items("delete")}
    collection.check(call, name, merged)
    sections[name] = merged


def register(collection: Collection, *, lists: bool = True) -> None:
    """Answer the collection's calls; without `lists`, the list is answered elsewhere."""
    path_names = frozenset({"node"})

    if lists:

        @answers("GET", collection.all)
        def listing(call: Call) -> Any:
            return [show(call, collection, name, listed=True) for name in sorted(collection.sections(call))]

    @answers("GET", collection.one)
    def read(call: Call) -> Any:
        name = call.text(collection.key)
        if name not in collection.sections(call):
            die(collection.absent.format(name=name))
        return show(call, collection, name)

    @answers("DELETE", collection.one)
    def delete(call: Call) -> None:
        name = call.text(collection.key)
        if collection.sections(call).pop(name, None) is None and collection.absent_delete is not None:
            die(collection.absent_delete.format(name=name))

    @answers("POST", collection.create_at)
    def post(call: Call) -> None:
        create(call, collection, call.text(collection.key), _given(call, collection, path_names))

    @answers("PUT", collection.one)
    def put(call: Call) -> None:
        update(call, collection, call.text(collection.key), _given(call, collection, path_names))
