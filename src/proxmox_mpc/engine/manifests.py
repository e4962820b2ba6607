"""Manifests: YAML or JSON texts in, checked resources out, every mistake with its file, line and column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from proxmox_mpc.engine import policies, references, wording
from proxmox_mpc.errors import InvalidInput, InvalidInputs, MpcError, Place
from proxmox_mpc.kinds._kind import API_VERSION, DEFAULT_NAMESPACE, SET, Key, Kind, Resource
from proxmox_mpc.kinds._options import check_options
from proxmox_mpc.kinds._schema.written import slots_used_twice

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML without libyaml: slower, the same answers
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

# As PVE takes names of guests: labels of letters, digits and hyphens, joined by dots; other objects also take what
# users, tokens, HA resources and things inside of others have in their names: `amy@pve!ci`, `vm:100`, `pve1/vmbr0`.
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/@:!-]*[A-Za-z0-9])?")
NOT_IN_GUESTS = frozenset("_/@:!")
TOP_LEVEL = ("apiVersion", "kind", "metadata", "spec")
METADATA = ("name", "namespace", "annotations")
SMALL = 10_000
"""Values that a file may have in any case; beyond, aliases may make about as many as could be written out."""


class InvalidManifest(InvalidInput):
    """The manifest is not valid."""

    code = "manifest.invalid"


@dataclass(frozen=True)
class Text:
    """One file of manifests: its name as the user knows it, and its content."""

    name: str
    content: str


@dataclass(frozen=True)
class Document:
    """One document of a file, with the place of each value by path (`("spec", "disks", 0, "size")`)."""

    value: Any
    places: Mapping[tuple[str | int, ...], Place]

    def place(self, *path: str | int) -> Place | None:
        """Where a path stands, or the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if (found := self.places.get(path[:end])) is not None:
                return found
        return None


def documents(texts: Iterable[Text]) -> list[Document]:
    """All documents of these texts; `kind: List` is its items. Raises InvalidManifest, or InvalidInputs for several."""
    found: list[Document] = []
    errors: list[MpcError] = []
    for text in texts:
        try:
            found += _parse(text)
        except InvalidManifest as error:
            errors.append(error)
    _raise(errors)
    return found


def _parse(text: Text) -> Iterator[Document]:
    try:
        loader = Loader(text.content)
    except UnicodeEncodeError:  # bytes of a chart that are no text
        raise InvalidManifest("not a text in UTF-8", place=Place(text.name, 1, 1)) from None
    try:
        while loader.check_node():
            node = loader.get_node()
            places: dict[tuple[str | int, ...], Place] = {}
            assert node is not None
            _index(node, (), text.name, places, SMALL + 2 * len(text.content))
            value = loader.construct_document(node)
            if isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list):
                inner: list[dict[tuple[str | int, ...], Place]] = [{} for _ in value["items"]]
                for (first, number, *rest), place in ((path, p) for path, p in places.items() if len(path) > 1):
                    if first == "items" and isinstance(number, int):
                        inner[number][tuple(rest)] = place
                for item, its_places in zip(value["items"], inner, strict=True):
                    yield Document(item, its_places)
            elif value is not None:
                yield Document(value, places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(text.name, mark.line + 1, mark.column + 1) if mark else Place(text.name, 1, 1)
        hint = "indent with spaces, not tabs" if "\\t" in str(error.problem) else ""
        raise InvalidManifest(f"not valid YAML: {error.problem or error.context}", hint=hint, place=place) from None
    except yaml.reader.ReaderError as error:
        line = text.content.count("\n", 0, error.position) + 1
        message = f"not valid YAML: the character {chr(error.character)!r} is not allowed"
        raise InvalidManifest(message, place=Place(text.name, line, 1)) from None
    except ValueError as error:  # dates and numbers that YAML reads and Python does not
        raise InvalidManifest(f"not valid YAML: {error}", place=Place(text.name, 1, 1)) from None
    except RecursionError:
        raise InvalidManifest("nested too deeply", place=Place(text.name, 1, 1)) from None
    finally:
        loader.dispose()


def _index(
    node: yaml.Node, path: tuple[str | int, ...], file: str, places: dict[tuple[str | int, ...], Place], most: int
) -> None:
    places.setdefault(path, _place(file, node))
    if len(places) > most:
        raise InvalidManifest("its aliases make much more of it than stands there", place=_place(file, node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise InvalidManifest(f"{name!r} stands here twice", place=_place(file, key))
            seen.add(name)
            places[*path, name] = _place(file, key)
            _index(value, (*path, name), file, places, most)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _index(item, (*path, number), file, places, most)


def _place(file: str, node: yaml.Node) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def resources(
    found: Sequence[Document],
    kind_of: Callable[[str], Kind],
    *,
    namespace: str = DEFAULT_NAMESPACE,
    fingerprint: Callable[[str], str] = lambda secret: "",
    secrets: Mapping[str, str] | None = None,
) -> list[Resource]:
    """Checked resources of these documents, in their order; a set is followed by its replicas.

    `namespace` is for manifests that name none; `fingerprint` turns a secret into what is stored and compared;
    `secrets` are those that manifests can name.
    Raises InvalidManifest, or InvalidInputs with all mistakes of all documents.
    """
    made: list[Resource] = []
    errors: list[MpcError] = []
    seen: dict[Key, Place | None] = {}
    for document in found:
        try:
            resource = _resource(document, kind_of, namespace, fingerprint, secrets or {})
            members = list(_members(document, resource, kind_of, fingerprint, secrets or {}))
        except InvalidInputs as several:
            errors += several.errors
            continue
        except MpcError as error:
            errors.append(error)
            continue
        here = document.place("metadata", "name")
        for one in (resource, *members):
            if one.key in seen:
                message = f"{one.key} is declared twice, first at {seen[one.key]}"
                errors.append(InvalidManifest(message, hint="rename or remove one of them", place=here))
            seen.setdefault(one.key, here)
            made.append(one)
    _raise(errors)
    return made


def _raise(errors: Sequence[MpcError]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InvalidInputs(errors)


def _resource(
    document: Document,
    kind_of: Callable[[str], Kind],
    namespace: str,
    fingerprint: Callable[[str], str],
    known: Mapping[str, str],
) -> Resource:
    value = document.value
    if not isinstance(value, dict):
        raise InvalidManifest(
            f"a manifest is a mapping with {', '.join(TOP_LEVEL)}, not {wording.named(value)}", place=document.place()
        )
    _known(document, value, TOP_LEVEL, ())
    _required(document, value, "apiVersion", "kind", "metadata")
    if value["apiVersion"] != API_VERSION:
        message = f"apiVersion {value['apiVersion']!r} is not known"
        raise InvalidManifest(message, hint=f"write apiVersion: {API_VERSION}", place=document.place("apiVersion"))
    kind = _kind(document, value["kind"], kind_of)
    metadata = value["metadata"]
    if not isinstance(metadata, dict):
        raise InvalidManifest("metadata is a mapping with a name", place=document.place("metadata"))
    key, annotations = _metadata(document, metadata, kind, namespace)
    spec = value.get("spec")
    if spec is not None and not isinstance(spec, dict):
        raise InvalidManifest(f"spec is a mapping, not {wording.named(spec)}", place=document.place("spec"))
    spec, unknown = references.resolved(kind.schema, spec or {}, known)
    model = _validated(document, kind, spec)
    fields, secrets = kind.schema.flatten(model)
    fields |= {path: fingerprint(secret) for path, secret in secrets.items()}
    fields |= policies.fields_of(annotations, partial(_no_policy, document))
    resource = Resource(key, model, fields, secrets, annotations, _placer(document), unknown=unknown)
    doubled = [
        resource.invalid(f"spec.{path}", f"{slot} is used twice", "give each item a slot of its own")
        for path, slot in slots_used_twice(model)
    ]
    contrary = [resource.invalid(f"spec.{m.path}", m.message, m.hint) for m in kind.mistakes(fields, False)]
    _raise([*doubled, *contrary, *check_options(kind, resource)])
    return resource


def _no_policy(document: Document, name: str, message: str, hint: str) -> InvalidManifest:
    return InvalidManifest(
        f"metadata.annotations.{name}: {message}", hint=hint, place=document.place("metadata", "annotations", name)
    )


def _members(
    document: Document,
    whole: Resource,
    kind_of: Callable[[str], Kind],
    fingerprint: Callable[[str], str],
    secrets: Mapping[str, str],
) -> Iterator[Resource]:
    """The replicas of a set, each as if it were written by itself; the first one's mistakes are those of all."""
    kind = kind_of(whole.key.kind)
    if kind.expand is None:
        return
    places = {path: place for path, place in document.places.items() if path[:1] != ("spec",)}
    places |= {path[2:]: place for path, place in document.places.items() if path[:2] == ("spec", "template")}
    for value, member in kind.expand(whole):
        resource = _resource(Document(value, places), kind_of, whole.key.namespace, fingerprint, secrets)
        yield replace(resource, member=member, fields={**resource.fields, SET: str(member.set)})


def _placer(document: Document) -> Callable[[str], Place | None]:
    def place(path: str) -> Place | None:
        steps: list[str | int] = [int(step) if step.isdigit() else step for step in path.split(".")]
        return document.place(*steps)

    return place


def _kind(document: Document, name: Any, kind_of: Callable[[str], Kind]) -> Kind:
    try:
        kind = kind_of(str(name))
    except MpcError as error:
        raise InvalidManifest(error.message, hint=error.hint, place=document.place("kind")) from None
    if kind.name != name:
        message = f"there is no kind {name!r}"
        raise InvalidManifest(message, hint=f"did you mean {kind.name}?", place=document.place("kind"))
    return kind


def _metadata(document: Document, metadata: dict[str, Any], kind: Kind, namespace: str) -> tuple[Key, dict[str, str]]:
    _known(document, metadata, METADATA, ("metadata",))
    _required(document, metadata, "name", base=("metadata",))
    name = metadata["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        message = f"metadata.name {name!r} is not a name: letters, digits, hyphens and dots"
        raise InvalidManifest(message, hint=wording.quoted(name), place=document.place("metadata", "name"))
    guest, slash, _ = name.partition("/") if kind.within else (name, "", "")
    if kind.within and not slash:
        message = f"the name of a {kind.name} is {kind.within}"
        raise InvalidManifest(message, place=document.place("metadata", "name"))
    if kind.namespaced and (NOT_IN_GUESTS.intersection(guest) or len(guest) > 63):
        message = f"metadata.name {guest!r} cannot name a guest: letters, digits, hyphens and dots, at most 63"
        raise InvalidManifest(message, place=document.place("metadata", "name"))
    own = metadata.get("namespace")
    if own is not None and not kind.namespaced:
        message = f"{kind.name} is cluster-wide and has no namespace"
        raise InvalidManifest(message, hint="remove it", place=document.place("metadata", "namespace"))
    if own is not None and (not isinstance(own, str) or not NAME.fullmatch(own)):
        message = f"metadata.namespace {own!r} is not a name: letters, digits and hyphens"
        raise InvalidManifest(message, hint=wording.quoted(own), place=document.place("metadata", "namespace"))
    annotations = metadata.get("annotations") or {}
    if not isinstance(annotations, dict) or not all(isinstance(v, str) for v in annotations.values()):
        message = "metadata.annotations maps names to texts"
        raise InvalidManifest(
            message, hint="quote numbers and booleans", place=document.place("metadata", "annotations")
        )
    return kind.key(name, own or namespace), annotations


def _known(document: Document, value: Mapping[str, Any], names: Sequence[str], base: tuple[str | int, ...]) -> None:
    for name in value:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(names)}"
            where = ".".join(str(step) for step in (*base, name))
            raise InvalidManifest(f"{where}: there is no such field", hint=hint, place=document.place(*base, name))


def _required(document: Document, value: Mapping[str, Any], *names: str, base: tuple[str, ...] = ()) -> None:
    for name in names:
        if value.get(name) is None:
            where = ".".join((*base, name))
            raise InvalidManifest(f"{where} is missing", place=document.place(*base, name))


def _validated(document: Document, kind: Kind, spec: dict[str, Any]) -> BaseModel:
    try:
        return kind.model.model_validate(spec)
    except ValidationError as error:
        problems = [_problem(document, kind, item) for item in error.errors(include_url=False)]
        unique = {(str(p.place), p.message.partition(":")[0]): p for p in reversed(problems)}
        _raise(list(reversed(unique.values())))
        raise


def _problem(document: Document, kind: Kind, item: Any) -> InvalidManifest:
    location = [step for step in item["loc"] if isinstance(step, int) or wording.is_field(step)]
    path: tuple[str | int, ...] = ("spec", *location)
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    message, hint = wording.explained(kind, item, location)
    return InvalidManifest(f"{where}: {message}", hint=hint, place=document.place(*path))
