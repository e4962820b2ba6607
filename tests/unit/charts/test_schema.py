from __future__ import annotations

import json
import time
from typing import Any

import pytest

from proxmox_mpc.charts.chart import load_files
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.go_types import Int64
from proxmox_mpc.charts.schema import validate


def refused(schema: Any, values: Any) -> str:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    chart = load_files({"Chart.yaml": b"name: c\nversion: 1.0.0", "values.schema.json": text.encode()})
    try:
        validate(chart, values)
    except BadValues as error:
        return str(error).partition("c:\n")[2]
    return ""


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "file:///etc/passwd", "other.json", "../x.json#/a"]
)
def test_a_schema_reads_nothing_but_itself(url: str) -> None:
    said = refused({"properties": {"a": {"$ref": url}}}, {"a": 1.0})
    assert said.startswith("failing loading ")
    assert said.endswith(": a schema may only refer to itself")
    assert "there is no such version" in refused({"$schema": "http://127.0.0.1:1/x"}, {})


def test_integers_of_every_kind_are_integers() -> None:
    schema = {"properties": {"a": {"type": "integer", "maximum": 5}, "b": {"type": "string", "maxLength": 1}}}
    assert refused(schema, {"a": 5, "b": "\udcff"}) == ""
    assert refused(schema, {"a": Int64(5), "b": "x"}) == ""
    assert refused(schema, {"a": 5.0}) == ""
    assert refused(schema, {"a": 6}) == "- at '/a': maximum: got 6, want 5\n"


def test_values_that_are_no_table_for_an_inner_chart() -> None:
    chart = load_files({"Chart.yaml": b"name: c\nversion: 1.0.0", "charts/s/Chart.yaml": b"name: s\nversion: 1.0.0"})
    with pytest.raises(BadValues, match=r"s:\ninvalid type for values: expected object \(map\), got float64"):
        validate(chart, {"s": 3.0})


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"$ref": "#"}, {"a": 1}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, {"a": 1}),
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 50_000 + "b"}),
        ("[" * 100_000, {}),
        ('{"not":' * 100_000, {}),
        ('{"minimum": 1e999}', {"a": 1}),
        ('{"enum": [' + "9" * 100_000 + "]}", {"a": 1}),
        ({"anyOf": [{"anyOf": [{"type": "null"}] * 50}] * 50}, {"a": 1}),
    ],
)
def test_hostile_schemas_end_at_once(schema: Any, values: Any) -> None:
    began = time.process_time()
    refused(schema, values)
    assert time.process_time() - began < 2
