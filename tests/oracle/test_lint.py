"""What lint says of charts for Kubernetes, beside the real engine."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from proxmox_mpc.actions.chart_lint import ChartLintRequest, chart_lint
from proxmox_mpc.charts.ignoring import folder_files
from proxmox_mpc.charts.linting.deprecated import DEPRECATED
from proxmox_mpc.charts.packaging import packed_files
from proxmox_mpc.interfaces.cli._run import call
from tests.oracle.test_chart_files import write

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

SEVERITIES = {1: "info", 2: "warning", 3: "error"}
ABOUT = "apiVersion: v2\nname: c\nversion: 0.1.0\nicon: https://x/y.png\n"
PLAIN = {"values.yaml": "a: 1\n", "templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}


def about(text: str) -> dict[str, str]:
    return {"Chart.yaml": text, **PLAIN}


def template(text: str, **more: str) -> dict[str, str]:
    return {"Chart.yaml": ABOUT, **PLAIN, "templates/b.yaml": text, **more}


def named(kind: str, name: str) -> dict[str, str]:
    return template(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: '{name}'}}\n")


HEAD = "apiVersion: v2\nname: c\nversion: 0.1.0\n"
CASES = {
    "good": about(ABOUT),
    "no icon": about(HEAD),
    "no yaml": about("a: ["),
    "no name": about("apiVersion: v2\nversion: 0.1.0\n"),
    "no version": about("apiVersion: v2\nname: c\n"),
    "version of words": about("apiVersion: v2\nname: c\nversion: waps\n"),
    "short version": about("apiVersion: v2\nname: c\nversion: v1.2\n"),
    "version as number": about("apiVersion: v2\nname: c\nversion: 1.2\nappVersion: 3\n"),
    "version null": about("apiVersion: v2\nname: c\nversion: null\nappVersion: true\n"),
    "lowest version": about("apiVersion: v2\nname: c\nversion: 0.0.0-0\n"),
    "no apiVersion": about("name: c\nversion: 0.1.0\n"),
    "apiVersion of tomorrow": about("apiVersion: v7\nname: c\nversion: 0.1.0\n"),
    "list as name": about("apiVersion: v2\nname: [c]\nversion: 0.1.0\n"),
    "all wrong": about(
        "apiVersion: v7\nversion: waps\nfoo: x\ntype: application\nmaintainers: [{name: a, email: b}]\nsources: [x]\nicon: foo\n"
    ),
    "v1 with what v2 has": about(
        "apiVersion: v1\nname: c\nversion: 0.1.0\ntype: application\ndependencies: [{name: a, version: 1, repository: ''}]\n"
    ),
    "unknown type": about(ABOUT + "type: app\n"),
    "maintainers": about(ABOUT + "maintainers: [{email: x}, {name: a, email: b}, {name: a, url: b}]\n"),
    "good maintainers": about(ABOUT + "maintainers: [{name: a, email: b@c.de, url: 'https://x.org/~a'}]\n"),
    "null maintainer": about(ABOUT + "maintainers: [null]\n"),
    "sources": about(ABOUT + "sources: [x, 'ftp://a', 'https://b/c']\n"),
    "icon": about(HEAD + "icon: foo\n"),
    "path as name": about(ABOUT.replace("name: c", "name: c/d")),
    "unknown member": about(ABOUT + "foo: bar\n"),
    "missing dependency": about(ABOUT + "dependencies: [{name: x, version: '1', repository: 'https://x'}]\n"),
    "unnamed dependency": {**about(ABOUT), "charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n"},
    "dependency twice": about(ABOUT + "dependencies: [{name: x, version: 1}, {name: x, version: 1}]\n"),
    "no values": {"Chart.yaml": ABOUT, "templates/a.yaml": ""},
    "values without end": {**about(ABOUT), "values.yaml": "a: ["},
    "values as list": {**about(ABOUT), "values.yaml": "- a\n"},
    "schema": {**about(ABOUT), "values.schema.json": '{"required":["b"]}'},
    "no templates": {"Chart.yaml": ABOUT, "values.yaml": ""},
    "extensions": {**about(ABOUT), "templates/x.png": "x", "templates/b.yaml.bak": "", "templates/NOTES.txt": "x"},
    "fail is forgiven": template("metadata: {name: a}\nb: {{ fail `no` }}{{ required `x` .Values.none }}"),
    "parse error": template("b: {{ if }}"),
    "execution error": template("b: {{ .Values.a.b.c }}"),
    "unknown function": template("b: {{ foo }}"),
    "rendered to no yaml": template("b: [\n"),
    "rendered to no yaml, and more behind it": template(
        "b: [\n", **{"templates/c.yaml": "c: [", "templates/x.png": ""}
    ),
    "rendered to a list": template("- a\n"),
    "metadata as list": template("metadata: [x]\n"),
    "number as name": template("metadata: {name: 12}\n"),
    "tab": template("a: b\n\tc: d\n"),
    "indent": template("  metadata: {name: a}\n"),
    "second document": template("metadata: {name: a}\n---\nmetadata: {name: B}\n"),
    "selector": template("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n"),
    "list of kept": template(
        "apiVersion: v1\nkind: List\nmetadata: {name: a}\nitems: [{metadata: {annotations: {'helm.sh/resource-policy': keep}}}]\n"
    ),
    "crds": {**about(ABOUT), "crds/a.yaml": "apiVersion: v1\nkind: X\n", "crds/b.yaml": "a: ["},
    "order": {
        "Chart.yaml": ABOUT + "dependencies: [{name: q, version: 1}]\n",
        "values.yaml": "b: 1",
        "values.schema.json": '{"required":["z"]}',
        "crds/a.yaml": "kind: X\n",
        "charts/z/Chart.yaml": "apiVersion: v2\nname: z\nversion: 0.1.0\n",
        "templates/a.yaml": "a",
    },
    **{
        f"{kind} {name}": named(kind, name)
        for kind, names in {
            "Service": ("a.b", "1a", "x" * 64),
            "Role": ("a:b", "a/b", ".."),
            "ClusterRoleBinding": ("a%b",),
            "Namespace": ("a.b", "x" * 64, "A"),
            "Pod": ("a..b", "", "x" * 254, "a_b"),
        }.items()
        for name in names
    },
    **{
        f"{api} {kind}": template(
            f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{selector: {{matchLabels: {{}}}}}}\n"
        )
        for api, kind in DEPRECATED
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_lint_says_what_helm_says(tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_MPC_HOME", str(tmp_path / "home"))
    folder = write(tmp_path / "c", files)
    theirs = [
        (SEVERITIES[one["severity"]], "" if one["path"].startswith("/") else one["path"], one["error"])
        for one in helm.lint(folder)["messages"]
    ]
    archive = base64.b64encode(packed_files(folder_files(folder), "c")).decode()
    result = call(chart_lint, ChartLintRequest(chart=archive))
    ours = [(one.severity, one.path, one.message) for one in result.charts[0].findings]
    # What `required` and `fail` say, Helm only logs.
    assert [one for one in ours if not one[2].startswith("needs a value: ")] == theirs
