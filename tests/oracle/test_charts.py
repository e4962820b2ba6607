"""Whole charts of `tests/cases/charts` through the real engine and through ours: files, errors and schema messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle.helm import helm, helm_python, ours, shown, written

CASES = Path(__file__).parents[1] / "cases" / "charts"


def _cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        case = yaml.safe_load(path.read_text())
        for number, values in enumerate(case["values"]):
            found.append(pytest.param(case["files"], values, id=f"{path.stem}-{number}"))
    return found


@pytest.mark.parametrize(("files", "values"), _cases())
def test_a_chart_renders_as_helm_renders_it(files: dict[str, str], values: dict[str, Any], tmp_path: Path) -> None:
    folder = written(tmp_path, files)
    rendered, wanted = shown(ours(folder, values)), helm(folder, values)
    if isinstance(wanted, str) and wanted.startswith("values don't meet"):
        # Go goes over a schema's properties in an order of chance.
        assert isinstance(rendered, str)
        assert sorted(rendered.splitlines()) == sorted(wanted.splitlines())
    else:
        assert rendered == wanted


def test_the_chart_that_helm_itself_scaffolds(tmp_path: Path) -> None:
    helm_python.Chart.create("fresh", tmp_path).close()
    folder = tmp_path / "fresh"
    every = {"ingress": {"enabled": True}, "autoscaling": {"enabled": True}, "podAnnotations": {"a": "b"}}
    for values in ({}, every, {"serviceAccount": {"create": False}, "nameOverride": "other", "replicaCount": 3}):
        assert shown(ours(folder, values)) == helm(folder, values)
