from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxmox_mpc.charts.activation import activated
from proxmox_mpc.charts.chart import Chart, load_files
from proxmox_mpc.charts.coalescing import coalesce
from proxmox_mpc.charts.errors import BadValues

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

MANY = 5000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 200

KEYS = st.sampled_from(["a", "s", "t", "u", "z", "on", "global", "tags", "exports"])
SCALARS = st.sampled_from([None, 1.0, "x", True, False, [1.0]])
# Lists before tables shrink to what is simplest; an empty table is a table.
VALUES = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)
IMPORTS = [{"child": "a", "parent": "a"}, {"child": "exports", "parent": "."}, {"child": "exports.a", "parent": "t.x"}]
DEPENDENCY = st.fixed_dictionaries(
    {"version": st.sampled_from([">=0", "1.x", "1.0.0", ">2", ""])},
    optional={
        "alias": st.sampled_from(["z", "w"]),
        "condition": st.sampled_from(["s.on", "t.on", "z.on,s.on", "a,s.a", "on", "u.on"]),
        "tags": st.lists(st.sampled_from(["a", "s", "on"]), max_size=2),
        "import-values": st.lists(st.sampled_from(["a", "s", 3, {"child": "s"}, *IMPORTS]), max_size=2),
    },
)


def dependencies(*names: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.builds(lambda name, rest: {"name": name, **rest}, st.sampled_from(names), DEPENDENCY)
    return st.lists(one, max_size=4, unique_by=lambda need: need.get("alias") or need["name"])


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"c/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def nested(defaults: Any, needs: dict[str, Any] | None = None) -> dict[str, bytes]:
    """Chart c with charts s and t, and u in s, the defaults of each, and what each declares; templates tell the values."""
    files = {}
    for folder, values in zip(("", "charts/s/", "charts/s/charts/u/", "charts/t/"), defaults, strict=True):
        name = folder[-2:-1] or "c"
        about = {"apiVersion": "v2", "name": name, "version": "1.0.0", "dependencies": (needs or {}).get(name)}
        files[f"{folder}Chart.yaml"] = json.dumps(about).encode()
        files[f"{folder}values.yaml"] = json.dumps(values).encode()
        files[f"{folder}templates/values"] = b"{{ toJson .Values }}"
    return files


def floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if type(value) is int else value


def outcome(find: Callable[[], Any]) -> Any:
    """Values, or what is wrong; of several inner charts that are wrong, Helm names any."""
    try:
        return floats(find())
    except (BadValues, helm.HelmError) as error:
        return str(error).partition(" on ")[0]


@given(st.tuples(TABLES, TABLES, TABLES, TABLES), TABLES)
@settings(max_examples=MANY)
def test_values_of_charts_in_charts_are_laid_over_each_other(defaults: Any, values: Any) -> None:
    files = nested(defaults)
    with helm.Chart.load_archive(packed(files)) as theirs:
        assert outcome(lambda: coalesce(load_files(files), values)) == outcome(lambda: theirs.merge_values(values))


def seen(chart: Chart, values: Any) -> dict[str, Any]:
    """The values that the templates of each chart see, as Helm renders them."""
    active = activated(chart, values)
    found = {}
    for path, _ in active.chart.walk():
        inner = active.values
        for name in path.split("/charts/")[1:]:
            inner = inner[name]
        found[f"{path}/templates/values"] = inner
    return found


@given(
    st.tuples(TABLES, TABLES, TABLES, TABLES), TABLES, st.none() | dependencies("s", "t"), st.none() | dependencies("u")
)
@settings(max_examples=MANY)
def test_conditions_tags_aliases_and_imports(defaults: Any, values: Any, above: Any, below: Any) -> None:
    files = nested(defaults, {"c": above, "s": below})
    with helm.Chart.load_archive(packed(files)) as theirs:
        rendered = outcome(lambda: {name: json.loads(text) for name, text in theirs.render(values).items()})
    assert outcome(lambda: seen(load_files(files), values)) == rendered
