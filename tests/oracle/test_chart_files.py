from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from gzip import compress
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.charts.chart import Chart, load_archive, load_folder
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.records import write_record

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

CHART = "apiVersion: v2\nname: c\nversion: 0.1.0\n"


def theirs(load: Callable[[Any], Any], source: Any) -> Any:
    try:
        with load(source) as chart:
            return {
                "metadata": chart.metadata,
                "values": chart.values or {},
                "files": sorted(file["name"] for file in chart.files),
                "templates": [file["name"] for file in chart.templates],
                "dependencies": sorted((one["name"], one["version"]) for one in chart.dependencies),
                "kinds": [file["name"] for file in chart.crds],
            }
    except helm.HelmError as error:
        return str(error)


def ours(load: Callable[[Any], Chart], source: Any) -> Any:
    try:
        chart = load(source)
    except BadChart as error:
        return str(error)
    metadata = write_record(chart.metadata)
    return {
        "metadata": metadata,
        "values": chart.values,
        "files": sorted(file.name for file in chart.files),
        "templates": [file.name for file in chart.templates],
        "dependencies": sorted((one.name, one.metadata.version) for one in chart.dependencies),
        "kinds": [file.name for file in chart.kinds],
    }


def write(folder: Path, files: dict[str, str | None]) -> Path:
    for name, text in {"Chart.yaml": CHART, **files}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    return folder


def described(lines: str) -> dict[str, str | None]:
    """A chart's files whose Chart.yaml has these lines besides name and version."""
    return {"Chart.yaml": "name: c\nversion: 1.0.0\n" + lines}


FOLDERS: dict[str, dict[str, str | None]] = {
    "no-description": {"Chart.yaml": None},
    "empty-description": {"Chart.yaml": ""},
    "list-description": {"Chart.yaml": "- a"},
    "numbers-as-strings": {"Chart.yaml": "name: c\nversion: 1.10\nappVersion: 12345678\n"},
    "version-1": {"Chart.yaml": "name: c\nversion: 1\n"},
    "strange-members": described(
        "x-foo: 1\nNAME: d\nkeywords: [1, true, 1.50, null, 1e10]\nannotations: {a: 1, b: y, c: ~}"
    ),
    "name-list": described("name: [c]"),
    "deprecated-text": described("deprecated: x"),
    "maintainer-null": described("maintainers: [null]"),
    "maintainer-text": described("maintainers: [a]"),
    "maintainer-name": described("maintainers: [{name: [x]}]"),
    "maintainers": described("maintainers: [{name: a, email: 1}, {url: true}]"),
    "dependency-null": described("dependencies: [null]"),
    "dependency-text": described("dependencies: [x]"),
    "dependencies-text": described("dependencies: x"),
    "dependency-tags": described("dependencies: [{name: x, tags: [[x]]}]\nkeywords: {}"),
    "dependency-enabled": described("dependencies: [{name: x, enabled: 3}]"),
    "dependency": described(
        "dependencies: [{name: x, version: 1, import-values: [a, {child: b, parent: c}], tags: [a], condition: a}]"
    ),
    "dependency-twice": described("dependencies: [{name: a}, {name: b, alias: a}]"),
    "dependency-alias": described("dependencies: [{name: a, alias: 'x/y'}]"),
    "annotations-list": described("annotations: [a]"),
    "annotations-nested": described("annotations: {a: {b: c}}"),
    "keywords-text": described("keywords: a"),
    "tags-list": described("tags: [a]"),
    "type": described("type: foo"),
    "library": described("type: library"),
    "api-v3": described("apiVersion: v3"),
    "own-api": described("apiVersion: proxmox.io/v1"),
    "broken-yaml": described("home: ["),
    "printable": described('home: "a\\u0007b\\tc\\u00a0d\\u200be"'),
    "name-slash": {"Chart.yaml": "name: a/b\nversion: 1.0.0"},
    "name-dot": {"Chart.yaml": "name: .\nversion: 1.0.0"},
    "name-dots": {"Chart.yaml": "name: ..\nversion: 1.0.0"},
    "values": {"values.yaml": "a: {b: 1}\nc: [0x10, yes]\n"},
    "values-documents": {"values.yaml": "a: 1\nl: [1]\nm: {x: 1, z: 2}\n---\nb: 2\nl: [2]\nm: {z: 3}\nc: null\n"},
    "values-null-over-table": {"values.yaml": "a: {b: 1}\n--- # and\na: null\n"},
    "values-separators": {"values.yaml": "---\n---\n# c\n---\nb: |\n  x\n---\n"},
    "values-bad-separator": {"values.yaml": "a: 1\n---b\n"},
    "values-directive": {"values.yaml": "%YAML 1.1\n---\na: 1"},
    "values-list": {"values.yaml": "- 1"},
    "values-second-list": {"values.yaml": "a: 1\n---\n- x"},
    "values-broken": {"values.yaml": "a: ["},
    "lock-broken": {"Chart.lock": "a: ["},
    "lock-list": {"Chart.lock": "- a"},
    "lock-name": {"Chart.lock": "generated: 2001-01-01T00:00:00Z\ndependencies: [{name: [x]}]"},
    "lock-time": {"Chart.lock": "generated: x"},
    "requirements-v1": {"requirements.yaml": "dependencies: [{name: x}]", **described("")},
    "requirements-v2": {"requirements.yaml": "dependencies: [{name: x}]", "requirements.lock": "digest: x"},
    "crds": {"crds/a.yaml": "x", "crds/b.txt": "y", "crds/c/d.json": "{}"},
    "sub-folder": {
        "charts/x/Chart.yaml": "name: z\nversion: 1.0.0",
        "charts/x/templates/a": "",
        "charts/x/values.yaml": "",
    },
    "sub-incomplete": {"charts/x/Chart.yaml": "name: x"},
    "sub-without": {"charts/x/a": "x"},
    "sub-file": {"charts/README.md": "foo"},
    "sub-hidden": {"charts/_x/Chart.yaml": "foo", "charts/.y/Chart.yaml": "foo", "charts/x.tgz.prov": "foo"},
    "sub-no-archive": {"charts/x.tgz": "foo"},
    "sub-archive-folder": {"charts/x.tgz/foo": "foo"},
    "sub-sub": {"charts/x/charts/y/Chart.yaml": "name: y", "charts/x/Chart.yaml": "name: x\nversion: 1.0.0"},
}


@pytest.mark.parametrize("case", FOLDERS)
def test_a_folder_is_loaded_as_helm_loads_it(case: str, tmp_path: Path) -> None:
    folder = write(tmp_path, FOLDERS[case])
    assert ours(load_folder, folder) == theirs(helm.Chart.load, folder)


VERSIONS = (
    "1|1.2|v1.2.3|1.2.3-a.b+c|01.2.3|1.2.3-01|1.2.3.4|1.2.3-|1.2.3+| 1.2.3|1.2.3 |V1.2.3|99999999999999999999.1.1|1.2.3-a_b"
    "|1.x|.1|1.|1.2.3-é|1.2.3-0|1.2.3-0a|1.2-a|1-a+b|1.2.3--|1.2.3-a..b|18446744073709551615.0.0|18446744073709551616.0.0"
)


@pytest.mark.parametrize("version", VERSIONS.split("|"))
def test_the_versions_that_a_chart_may_have(version: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"Chart.yaml": f"name: c\nversion: '{version}'"})
    assert ours(load_folder, folder) == theirs(helm.Chart.load, folder)


IGNORES = (
    "|*.md|docs|docs/|/docs|docs/*|docs/y/|/a.txt|a.txt/|!a.txt|*.txt\n!a.txt|!a.txt\n*.txt|[ab].*|[|[]|[]a]|[a|a**|# c\n  *.md  "
    "|?.txt|\\a.txt|a.txt\\|docs/*.md|*/*.md|.git/|*|/*|!*|/docs/y|[^a]*|[a-b]*|[b-a]*|[^b-a]*.txt|*[!a]*|[-a]|[a-]|[\\]a]*|***|.helmignore"
    "|x\n\ny|docs/y/z.md|a.txt\r\nb.md|*.*.*|*a*.*t|templates/a.yaml|*d*o*c*|d*s/*/*.m?"
)


@pytest.mark.parametrize("rules", IGNORES.split("|"))
def test_what_helmignore_leaves_out(rules: str, tmp_path: Path) -> None:
    files = "a.txt b.md docs/x.md docs/y/z.md templates/.hidden templates/..x templates/a.yaml templates/s/.h .git/config foo.bak"
    folder = write(tmp_path, {**dict.fromkeys(files.split(), "x"), ".helmignore": rules})
    assert ours(load_folder, folder) == theirs(helm.Chart.load, folder)


def test_links_and_other_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", {"sub/b": "y"})
    os.symlink("sub", folder / "l")
    assert ours(load_folder, folder) == theirs(helm.Chart.load, folder)
    os.mkfifo(folder / "pipe")
    assert ours(load_folder, folder) == theirs(helm.Chart.load, folder)
    big = write(tmp_path / "b", {})
    (big / "big").write_bytes(b"x" * (6 << 20))
    assert ours(load_folder, big) == theirs(helm.Chart.load, big)


def tgz(*files: tuple[str, Any], form: int = tarfile.USTAR_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=form, compresslevel=1) as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
            entry.size = len(content or b"")
            tar.addfile(entry, io.BytesIO(content or b""))
    return stream.getvalue()


OWN = ("c/Chart.yaml", CHART.encode())
GOOD = tgz(OWN)
ARCHIVES = {
    "good": GOOD,
    "values": tgz(OWN, ("c/values.yaml", b"a: 1"), ("c/templates/a.yaml", b""), ("c", None)),
    "no-description": tgz(("c/values.yaml", b"a: 1")),
    "no-folder": tgz(("Chart.yaml", b"name: c\nversion: 1.0.0")),
    "absolute": tgz(OWN, ("/etc/passwd", b"x")),
    "absolute-inside": tgz(OWN, ("c//etc/passwd", b"x")),
    "parent": tgz(OWN, ("c/../../x", b"x")),
    "parent-inside": tgz(OWN, ("c/a/../x", b"x")),
    "parent-first": tgz(OWN, ("../x", b"x")),
    "dots": tgz(OWN, ("c/..x", b"x")),
    "drive": tgz(OWN, ("c/c:/x", b"x")),
    "backslashes": tgz(("c\\Chart.yaml", OWN[1]), ("c\\templates\\a.yaml", b"x")),
    "backslash-parent": tgz(OWN, ("c\\..\\..\\x", b"x")),
    "mixed-parent": tgz(OWN, ("c\\a/../../x", b"x")),
    "top": tgz(OWN, ("c", b"x")),
    "nothing": tgz(),
    "nameless": tgz(OWN, ("", b"x")),
    "text": b"hello world, this is no gzip",
    "short": b"foo",
    "half": GOOD[: len(GOOD) // 2],
    "without-end": GOOD[:-4],
    "bad-checksum": GOOD[:-8] + b"\0" * 8,
    "no-tar": compress(b"hello" * 200),
    "short-tar": compress(b"hello"),
    "empty-gzip": compress(b""),
    "big-file": tgz(OWN, ("c/big", b"\0" * (6 << 20))),
    "big": tgz(OWN, ("c/big", b"\0" * (101 << 20))),
    "big-together": tgz(OWN, *((f"c/b{n}", b"\0" * (5 << 20)) for n in range(21))),
    "byte-order-mark": tgz((OWN[0], b"\xef\xbb\xbf" + OWN[1])),
    "long-name": tgz(OWN, ("c/templates/" + "é" * 100 + ".yaml", b"x"), form=tarfile.PAX_FORMAT),
    "long-gnu-name": tgz(OWN, ("c/templates/" + "a" * 200, b"x"), form=tarfile.GNU_FORMAT),
    "garbage-after": GOOD + b"garbage",
    "another-after": GOOD + tgz(("c/x", b"y")),
    "inner": tgz(OWN, ("c/charts/x.tgz", tgz(("x/Chart.yaml", b"name: x\nversion: 1.0.0")))),
    "inner-bad": tgz(OWN, ("c/charts/x.tgz", tgz(("x/a", b"name: x\nversion: 1.0.0")))),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_an_archive_is_loaded_as_helm_loads_it(case: str) -> None:
    assert ours(load_archive, ARCHIVES[case]) == theirs(helm.Chart.load_archive, ARCHIVES[case])
