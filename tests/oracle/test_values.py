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

from proxmox_mpc.charts.chart import load_files
from proxmox_mpc.charts.coalescing import coalesce
from proxmox_mpc.charts.errors import BadValues

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

MANY = 5000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 200

KEYS = st.sampled_from(["a", "b", "s", "t", "u", "global"])
SCALARS = st.sampled_from([None, 1.0, "x", True, [1.0]])
# Lists before tables shrink to what is simplest; an empty table is a table.
VALUES = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"c/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def nested(*defaults: Any) -> dict[str, bytes]:
    """Chart c with charts s and t, and u in s, and the defaults of each."""
    files = {}
    for folder, values in zip(("", "charts/s/", "charts/s/charts/u/", "charts/t/"), defaults, strict=True):
        name = folder[-2:-1] or "c"
        files[f"{folder}Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n".encode()
        files[f"{folder}values.yaml"] = json.dumps(values).encode()
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
    files = nested(*defaults)
    with helm.Chart.load_archive(packed(files)) as theirs:
        assert outcome(lambda: coalesce(load_files(files), values)) == outcome(lambda: theirs.merge_values(values))
