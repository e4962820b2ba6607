from __future__ import annotations

import json
import os
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxmox_mpc.charts.chart import load_files
from proxmox_mpc.charts.coalescing import coalesce
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.schema import validate
from tests.oracle.schemas import SCHEMAS
from tests.oracle.test_values import floats, packed

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

MANY = 3000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 100
CHART = b"apiVersion: v2\nname: c\nversion: 1.0.0"


def ours(files: dict[str, bytes], values: Any) -> str:
    chart = load_files(files)
    try:
        validate(chart, coalesce(chart, floats(values)))
    except BadValues as error:
        return str(error)
    return ""


def theirs(files: dict[str, bytes], values: Any) -> str:
    with helm.Chart.load_archive(packed(files)) as chart:
        try:
            chart.render(values)
        except helm.HelmError as error:
            return str(error)
    return ""


def tree(text: str) -> Any:
    """The message without the order of its parts: Go visits maps as it likes."""
    text = re.sub(r"(additional properties )(.*)( not)", lambda found: found[1] + listed(found[2]) + found[3], text)
    lines = text.rstrip("\n").split("\n")
    return branches([(len(line) - len(line.lstrip(" ")), line) for line in lines])


def listed(names: str) -> str:
    return ", ".join(sorted(names.split(", ")))


def branches(lines: list[tuple[int, str]]) -> Any:
    found: list[tuple[str, Any]] = []
    while lines:
        (depth, line), rest = lines[0], lines[1:]
        # The name of a chart is above the lines that begin with a dash.
        deeper = [one for one in rest if one[0] > depth or (not line.startswith("- ") and one[1].startswith("- "))]
        size = next((n for n, one in enumerate(rest) if one not in deeper), len(rest))
        found.append((line, branches(rest[:size])))
        lines = rest[size:]
    return sorted(found, key=repr)


@pytest.mark.parametrize(("schema", "values"), SCHEMAS)
def test_what_a_schema_does_not_want_is_said_in_helms_words(schema: str, values: Any) -> None:
    files = {"Chart.yaml": CHART, "values.schema.json": schema.encode()}
    assert tree(ours(files, values)) == tree(theirs(files, values))


@pytest.mark.parametrize("values", [{"a": "x"}, {"a": "x", "s": {}}, {"a": 1, "s": {"x": "y"}}, {"s": None}])
def test_the_schemas_of_charts_in_a_chart(values: Any) -> None:
    files = {
        "Chart.yaml": CHART,
        "values.schema.json": b'{"properties": {"a": {"type": "integer"}}}',
        "charts/s/Chart.yaml": b"name: s\nversion: 1.0.0",
        "charts/s/values.schema.json": b'{"properties": {"x": {"type": "string"}}}',
        "charts/s/values.yaml": b"x: 1",
    }
    assert tree(ours(files, values)) == tree(theirs(files, values))


NAMES = ["a", "b", "c"]
TYPES = ["string", "number", "integer", "object", "array", "boolean", "null"]


def any_value(chance: random.Random, depth: int = 0) -> Any:
    what = chance.random()
    if depth < 3 and what < 0.35:
        return {chance.choice(NAMES): any_value(chance, depth + 1) for _ in range(chance.randint(0, 3))}
    if depth < 3 and what < 0.5:
        return [any_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return chance.choice([None, True, False, 1, 2, 3, 1.5, 1000, "x", "abc", "y", -1])


def any_schema(chance: random.Random, depth: int = 0) -> Any:
    def inner() -> Any:
        return any_schema(chance, depth + 1)

    def some(size: int) -> list[Any]:
        return [inner() for _ in range(chance.randint(1, size))]

    makers = {
        "type": lambda: chance.choice([chance.choice(TYPES), chance.sample(TYPES, 2)]),
        "enum": lambda: [1.5, "x", any_value(chance, 2)],
        "const": lambda: any_value(chance, 2),
        "minimum": lambda: chance.choice([1, 2.5, 2000]),
        "maximum": lambda: chance.choice([1, 2.5]),
        "exclusiveMinimum": lambda: 1,
        "multipleOf": lambda: chance.choice([2, 0.5, 7]),
        "minLength": lambda: chance.choice([2, 5]),
        "maxLength": lambda: chance.choice([0, 2]),
        "pattern": lambda: chance.choice(["^x", "b"]),
        "minProperties": lambda: chance.choice([1, 2, 3]),
        "maxProperties": lambda: 1,
        "required": lambda: chance.sample(NAMES, 2),
        "minItems": lambda: chance.choice([1, 3]),
        "maxItems": lambda: 1,
        "uniqueItems": lambda: True,
        "$ref": lambda: chance.choice(["#/$defs/x", "#/$defs/y"]),
        "dependentRequired": lambda: {"a": ["b", "c"]},
        "propertyNames": lambda: chance.choice([{"maxLength": 0}, {"enum": ["a", "b"]}]),
        "minContains": lambda: 2,
        "maxContains": lambda: 1,
        "properties": lambda: {name: inner() for name in chance.sample(NAMES, 2)},
        "patternProperties": lambda: {"^[ab]": inner()},
        "additionalProperties": lambda: chance.choice([False, inner()]),
        "items": inner,
        "prefixItems": lambda: some(2),
        "contains": inner,
        "not": inner,
        "allOf": lambda: some(3),
        "anyOf": lambda: some(3),
        "oneOf": lambda: some(3),
        "if": inner,
        "then": inner,
        "else": inner,
        "dependentSchemas": lambda: {"a": inner()},
        "unevaluatedProperties": lambda: False,
    }
    if chance.random() < 0.08:
        return chance.choice([True, False])
    known = list(makers)
    keywords = chance.choices(known if depth < 3 else known[: known.index("properties")], k=chance.randint(1, 3))
    return {keyword: makers[keyword]() for keyword in [*keywords, *(["properties"] if depth == 0 else [])]}


@given(st.integers(0, 1 << 32))
@settings(max_examples=MANY)
def test_any_schema_says_of_any_values_what_it_says_in_helm(seed: int) -> None:
    chance = random.Random(seed)
    schema = any_schema(chance)
    if isinstance(schema, dict):
        schema["$defs"] = {"x": {"type": "string", "minLength": 2}, "y": {"minimum": 2, "multipleOf": 2}}
    files = {"Chart.yaml": CHART, "values.schema.json": json.dumps(schema).encode()}
    values = {chance.choice(NAMES): any_value(chance, 1) for _ in range(3)}
    assert tree(ours(files, values)) == tree(theirs(files, values))
