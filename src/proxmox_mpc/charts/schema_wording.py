"""What is wrong with values, as santhosh-tekuri/jsonschema 6 says it in Helm 4.2.3: a tree, indented.

The errors of jsonschema-rs come flat, each with the path of keywords that led to it. Along that path they are put into
the tree that Go's library builds: whose type is wrong is asked nothing more, and what one keyword wants of one value
stands together. Where Go's maps leave the order open, properties stand by their names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.charts.language.go_types import go_text
from proxmox_mpc.charts.schema_messages import Written, english, message, missing, quoted

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# What ends the questions about a value, in this order.
_ENDING = ("type", "const", "enum", "format")
# Keywords that want something of what is in a value, and how many steps of a path each takes.
_INNER = {
    "properties": 2,
    "patternProperties": 2,
    "additionalProperties": 1,
    "items": 1,
    "prefixItems": 2,
    "additionalItems": 1,
    "unevaluatedProperties": 1,
    "unevaluatedItems": 1,
}
# Go's library asks in this order; VALUES stands for all that is wanted of what is in a value.
_IN_ORDER = (
    "$ref minProperties maxProperties required dependencies minItems maxItems uniqueItems VALUES additionalProperties "
    "additionalItems propertyNames dependentSchemas dependentRequired contains minContains maxContains minLength "
    "maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf $recursiveRef $dynamicRef not "
    "allOf anyOf oneOf then else unevaluatedProperties unevaluatedItems"
).split()
_ORDER = {keyword: place for place, keyword in enumerate(_IN_ORDER)}

# Steps from the outermost value to one in it.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    at: Place
    says: str
    causes: tuple[_Node, ...] = ()
    kind: str = ""


def explained(errors: Iterable[Any], schema: bytes, values: Any) -> str:
    """The tree of what is wrong with values."""
    written = json.loads(go_text(schema), parse_float=Written, parse_int=Written)
    tree = _Tree(written, values)
    found = _one(tree.nodes(list(errors), 0, (), ()), ())
    if found and found[0].kind == "group":
        found = list(found[0].causes)
    return "\n".join(line for node in found for line in _lines(node, 0))


def misplaced(error: Any, nested: bool) -> str:
    """The tree of one thing that is wrong with a schema itself."""
    tree = _Tree(None, None)
    place = tuple(error.instance_path)
    found = tree.nodes([error], len(error.evaluation_path) - 1, place, place)
    if nested and error.instance_path:
        found = [_Node((), "'allOf' failed", tuple(found))]
    return "".join(f"\n{line}" for node in found for line in _lines(node, 0))


def _lines(node: _Node, depth: int) -> Iterator[str]:
    if node.kind == "reference" and len(node.causes) == 1:
        yield from _lines(node.causes[0], depth)
        return
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in node.at)
    yield f"{'  ' * depth}- at {quoted(pointer)}: {node.says}"
    for cause in node.causes:
        yield from _lines(cause, depth + 1)


class _Tree:
    """`schema` with its numbers as they were written, and the values that were asked."""

    def __init__(self, schema: Any, values: Any) -> None:
        self.schema = schema
        self.values = values

    def nodes(self, errors: list[Any], used: int, real: Place, at: Place) -> list[_Node]:
        """What is wrong with the value at `real`, whose schema `used` steps of the errors' paths led to.

        `at` is where Go's library says that the value is, which is not always the same.
        """
        keywords: dict[str, list[Any]] = {}
        for error in errors:
            path = error.evaluation_path
            keyword = str(path[used]) if len(path) > used else ""
            within = keyword in _INNER and len(error.instance_path) > len(real)
            keywords.setdefault("VALUES" if within else keyword, []).append(error)
        if "" in keywords:
            return [_Node(at, "false schema")]
        for keyword in _ENDING:
            if keyword in keywords:
                return [self.leaf(keywords[keyword][0], real, at)]
        return [
            node
            for keyword in sorted(keywords, key=lambda one: _ORDER.get(one, len(_ORDER)))
            for node in self.keyword(keyword, keywords[keyword], used, real, at)
        ]

    def keyword(self, keyword: str, errors: list[Any], used: int, real: Place, at: Place) -> Iterable[_Node]:
        if keyword == "VALUES":
            return self.inner(errors, used, real, at)
        if keyword in _REFERENCES:
            return [_Node(at, "validation failed", tuple(self.nodes(errors, used + 1, real, at)), "reference")]
        if keyword == "allOf":
            return [_Node(at, "'allOf' failed", tuple(self.branches(errors, used, real, at)))]
        if keyword in ("anyOf", "oneOf"):
            return [self.choice(keyword, errors[0], used, real, at)]
        if keyword in ("then", "else"):
            return _one(self.nodes(errors, used + 1, real, at), at)
        if keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
            schemas = [
                one for one in errors if len(one.evaluation_path) > used + 2 or type(one.kind).__name__ != "Required"
            ]
            absent = self.missing(errors[0], real, at) if len(schemas) < len(errors) else ()
            return [*absent, *self.branches(schemas, used, real, at)]
        if keyword == "unevaluatedProperties":
            return self.unevaluated(errors[0], real, at)
        if keyword == "propertyNames":
            return [_misnamed(one.kind.error) for one in errors]
        if keyword in ("contains", "minContains", "maxContains"):
            return [self.contains(errors[0], real, at)]
        if keyword == "required":
            lacking = {one.kind.property for one in errors}
            wanted = self.written(errors[0]) or sorted(lacking)
            return [_Node(at, missing([name for name in wanted if name in lacking]))]
        return [self.leaf(errors[0], real, at)]

    def leaf(self, error: Any, real: Place, at: Place) -> _Node:
        value = error.instance if self.schema is None else _found(self.values, real)
        return _Node(at, message(error, self.written(error), value))

    def inner(self, errors: list[Any], used: int, real: Place, at: Place) -> Iterator[_Node]:
        """What is wrong with the values in a value: by name or place, and for each by the keyword that says so."""
        inner: dict[tuple[Any, ...], list[Any]] = {}
        for error in errors:
            keyword = str(error.evaluation_path[used])
            name = error.instance_path[len(real)]
            steps = _INNER[keyword]
            if keyword == "items" and len(error.evaluation_path) > used + 1:
                steps += isinstance(error.evaluation_path[used + 1], int)
            step = tuple(map(str, error.evaluation_path[used : used + steps]))
            inner.setdefault((name, step, steps), []).append(error)
        for (name, step, steps), found in sorted(inner.items(), key=lambda entry: (entry[0][0], entry[0][1])):
            shown = name - self.before(found[0], step) if isinstance(name, int) else name
            place = (*at, shown)
            yield from _one(self.nodes(found, used + steps, (*real, name), place), place)

    def before(self, error: Any, step: tuple[str, ...]) -> int:
        """Go's library counts from 0 again after the items that have schemas of their own (6.0, as in Helm 4.2.3)."""
        if step[0] not in ("items", "additionalItems") or len(step) > 1:
            return 0
        schema_path = list(error.schema_path)
        place = len(schema_path) - 1 - schema_path[::-1].index(step[0])
        schema = _found(self.schema, schema_path[:place])
        own = schema.get("prefixItems" if step[0] == "items" else "items") if isinstance(schema, dict) else None
        return len(own) if isinstance(own, list) else 0

    def branches(self, errors: list[Any], used: int, real: Place, at: Place) -> Iterator[_Node]:
        """One node for each of the schemas in a list or map of schemas."""
        by_branch: dict[Any, list[Any]] = {}
        for error in errors:
            by_branch.setdefault(error.evaluation_path[used + 1], []).append(error)
        for branch in sorted(by_branch):
            yield from _one(self.nodes(by_branch[branch], used + 2, real, at), at)

    def choice(self, keyword: str, error: Any, used: int, real: Place, at: Place) -> _Node:
        context = error.kind.context or []
        matched = [str(place) for place, branch in enumerate(context) if not branch]
        if keyword == "oneOf" and matched:
            return _Node(at, f"'oneOf' failed, subschemas {', '.join(matched[:2])} matched")
        causes: list[_Node] = []
        for branch in context:
            # In what is wrong with a schema itself, a branch's path does not begin where its list does.
            below = used + 2 if self.schema is not None else len(branch[0].evaluation_path) - 1
            causes += _one(self.nodes(branch, below, real, at), at)
        return _Node(at, f"'{keyword}' failed" + (", none matched" if keyword == "oneOf" else ""), tuple(causes))

    def missing(self, error: Any, real: Place, at: Place) -> Iterator[_Node]:
        """Properties that others make necessary."""
        wanted = self.written(error)
        value = _found(self.values, real)
        for name in sorted(wanted if isinstance(wanted, dict) else ()):
            lacking = [one for one in wanted[name] if one not in value] if isinstance(wanted[name], list) else []
            if name in value and lacking:
                yield _Node(at, f"properties {', '.join(map(quoted, lacking))} required, if {quoted(name)} exists")

    def unevaluated(self, error: Any, real: Place, at: Place) -> Iterator[_Node]:
        """Properties that no other keyword has looked at."""
        wanted = self.written(error)
        for name in sorted(error.kind.unexpected):
            yield from self.asked(wanted, _found(self.values, (*real, name)), (*at, name))

    def contains(self, error: Any, real: Place, at: Place) -> _Node:
        """Which items are what a list must contain."""
        schema = _found(self.schema, list(error.schema_path)[:-1]) or {}
        causes: list[_Node] = []
        matched: list[str] = []
        for place, item in enumerate(_found(self.values, real)):
            wrong = self.asked(schema.get("contains", True), item, (*at, place))
            causes += wrong
            matched += [] if wrong else [str(place)]
        least, most = (schema.get(keyword) for keyword in ("minContains", "maxContains"))
        if least is None and not matched:
            return _Node(at, "no items match contains schema", tuple(causes))
        few = least is not None and len(matched) < float(least)
        bound: Any = least if few else most
        says = f"{'min' if few else 'max'} {english(int(float(bound)))} items required to match contains "
        says += (
            f"schema, but matched {english(len(matched))} items at {' '.join(matched)}"
            if matched
            else ("schema, but none matched")
        )
        return _Node(at, says, tuple(causes) if few else ())

    def asked(self, schema: Any, value: Any, at: Place) -> list[_Node]:
        """What a schema in this one says of a value, where the errors do not tell: it is asked again."""
        import jsonschema_rs

        outer = self.schema if isinstance(self.schema, dict) else {}
        shared = {key: outer[key] for key in ("$schema", "$defs", "definitions") if key in outer}
        alone = {**shared, "allOf": [schema]}
        validator = jsonschema_rs.validator_for(_numbers(alone), offline=True)
        return _one(_Tree(alone, value).nodes(list(validator.iter_errors(value)), 2, (), at), at)

    def written(self, error: Any) -> Any:
        """What the schema says at the keyword of an error."""
        return _found(self.schema, error.schema_path)


def _misnamed(error: Any) -> _Node:
    """A name that no property may have; Go's library does not say of which value."""
    name = error.instance
    return _Node((), f"invalid propertyName {quoted(name)}", (_Node((), message(error, None, name)),))


def _one(nodes: Sequence[_Node], at: Place) -> list[_Node]:
    """What one schema says of one value: nothing, one thing, or a group of things."""
    return [_Node(at, "validation failed", tuple(nodes), "group")] if len(nodes) > 1 else list(nodes)


def _found(document: Any, path: Iterable[Any]) -> Any:
    """What stands at a path of a document; None where the path leads nowhere."""
    for step in path:
        if isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            document = document.get(str(step)) if isinstance(document, dict) else None
    return document


def _numbers(value: Any) -> Any:
    """A schema with numbers again where they stood as they were written."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return json.loads(value) if isinstance(value, Written) else value
