from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.charts.chart import load_archive, load_folder
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.packaging import package
from tests.oracle.test_chart_files import write

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

FILES: dict[str, str | None] = {
    "Chart.yaml": """\
apiVersion: v2
name: c
version: 0.1.0
appVersion: 1.10
unknown: 3
description: "a\\tb: 'c'"
maintainers: [{name: a, email: b}]
annotations: {b: '1', a: x}
deprecated: true
dependencies:
- {name: s, version: 1.x, repository: 'https://x', tags: [a], condition: s.on, import-values: [data, {child: a, parent: b}]}
""",
    "Chart.lock": """\
generated: '2021-01-01T00:00:00.123456789+02:00'
digest: sha256:x
dependencies: [{name: s, version: 1.2.3, repository: 'https://x'}]
""",
    "values.yaml": "# kept\na: 1\n",
    "values.schema.json": "{ }",
    "templates/a.yaml": "x",
    "templates/NOTES.txt": "n",
    "README.md": "r",
    "crds/a.yaml": "k",
    "docs/" + "long/" * 40 + "b": "x",
    "charts/s/Chart.yaml": "name: s\nversion: 1.2.3\n",
    "charts/s/values.yaml": "a: 1",
    "charts/s/templates/q": "z",
    "charts/t/Chart.yaml": "name: t\nversion: 1.2.3\n",
    ".helmignore": "*.bak",
    "x.bak": "",
}
CASES: dict[str, tuple[dict[str, str | None], dict[str, str]]] = {
    "plain": ({}, {}),
    "version": ({}, {"version": "2.0.0", "app_version": "9"}),
    "metadata": ({}, {"version": "2.0.0+x"}),
    "bad-version": ({}, {"version": "x"}),
    "bad-schema": ({"values.schema.json": "{"}, {}),
    "no-schema": ({"values.schema.json": None}, {}),
    "absent": ({"charts/s/Chart.yaml": None, "charts/s/values.yaml": None, "charts/s/templates/q": None}, {}),
    "requirements": (
        {
            "Chart.yaml": "apiVersion: v1\nname: c\nversion: 1.0.0",
            "requirements.yaml": "dependencies: [{name: s, version: 1.x}]",
            "requirements.lock": "digest: x",
        },
        {},
    ),
    "unknown-api": ({"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0"}, {}),
    "library": ({"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library"}, {}),
}


def contents(name: str, data: bytes) -> Any:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar}
        held = {path: file.read() for path, file in files.items() if file}
    # Helm packs the charts in a chart in random order.
    own = [path for path in held if not path.startswith("c/charts/")]
    return name, own, held


@pytest.mark.parametrize("case", CASES)
def test_a_package_holds_what_helm_packs(case: str, tmp_path: Path) -> None:
    changes, options = CASES[case]
    folder = write(tmp_path / "c", {**FILES, **changes})
    try:
        packed = Path(helm.package(folder, destination=tmp_path, **options))
        theirs = contents(packed.name, packed.read_bytes())
    except helm.HelmError as error:
        theirs = str(error)
    try:
        made = package(load_folder(folder), **options)
        ours = contents(made.name, made.data)
    except BadChart as error:
        ours = str(error)
    assert ours == theirs


def test_each_loads_what_the_other_packs(tmp_path: Path) -> None:
    chart = load_folder(write(tmp_path / "c", FILES))
    made = package(chart)
    with helm.Chart.load_archive(made.data) as theirs:
        assert (theirs.name, theirs.metadata["dependencies"][0]["version"]) == ("c", "1.x")
    again = load_archive(Path(helm.package(tmp_path / "c", destination=tmp_path)).read_bytes())
    assert (again.metadata, again.values, again.templates) == (chart.metadata, chart.values, chart.templates)
    (tmp_path / made.name).write_bytes(made.data)
    assert helm.digest(tmp_path / made.name) == f"sha256:{made.digest}"


def test_the_same_chart_is_the_same_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", FILES)
    first = package(load_folder(folder))
    (folder / "README.md").touch()
    assert package(load_folder(folder)).digest == first.digest == package(load_archive(first.data)).digest
