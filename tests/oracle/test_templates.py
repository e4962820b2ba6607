"""Templates of `tests/cases/templates` through the real engine and through ours: the same bytes, or the same error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle.helm import helm, ours, shown, written

CASES = Path(__file__).parents[1] / "cases" / "templates"
FILE = "templates/a.yaml"


def _cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        if path.name == "values.yaml":
            continue
        for number, case in enumerate(yaml.safe_load(path.read_text()), 1):
            found.append(pytest.param(case, id=f"{path.stem}-{case.get('name', number)}"))
    return found


DEFAULTS = yaml.safe_load((CASES / "values.yaml").read_text())


@pytest.mark.parametrize("case", _cases())
def test_it_renders_as_helm_does(case: dict[str, Any], tmp_path: Path) -> None:
    values = case.get("values", DEFAULTS)
    if isinstance(values, str):
        values = yaml.safe_load(values)
    folder = written(tmp_path, {**case.get("files", {}), FILE: case["template"]})
    assert shown(ours(folder, values)) == helm(folder, values)


def test_there_are_enough_of_them() -> None:
    assert len(_cases()) >= 1500
