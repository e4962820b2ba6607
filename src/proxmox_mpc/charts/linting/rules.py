"""All rules on a chart's files, in the order of Helm 4.2.3 (pkg/chart/v2/lint/lint.go)."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from proxmox_mpc.charts.chart import Chart, load_files
from proxmox_mpc.charts.coalescing import coalesce
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.errors import BadChart, BadValues
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_text
from proxmox_mpc.charts.linting import chart_file, documents, values_file
from proxmox_mpc.charts.linting.findings import Finding
from proxmox_mpc.charts.schema import validate

TEMPLATES = "templates/"
_EXTENSIONS = (".yaml", ".yml", ".tpl", ".txt")
# Renders a chart with these values; raises RenderError.
Render = Callable[[Chart, Mapping[str, Any]], Mapping[str, str]]


def check(
    files: Mapping[str, bytes], given: Mapping[str, Any], render: Render, *, skip_schema: bool = False
) -> Iterator[Finding]:
    """What Helm would say of a chart's files; `given` are a user's values."""
    chart, trouble = _loaded(files)
    text = {name: go_text(data) for name, data in files.items() if name in ("Chart.yaml", "values.yaml")}
    yield from chart_file.check(text.get("Chart.yaml", ""))
    integers = chart is not None and chart.integers
    schema = None if skip_schema else files.get("values.schema.json")
    yield from values_file.check(text.get("values.yaml"), schema, given, integers=integers)
    yield from _templates(files, chart, trouble, given, render, skip_schema)
    if chart is None:
        yield Finding("error", "", f"unable to load chart\n\t{trouble}")
    else:
        yield from _dependencies(chart)
        if not chart.integers:
            yield from _crds(chart)


def _loaded(files: Mapping[str, bytes]) -> tuple[Chart | None, str]:
    try:
        return load_files(files), ""
    except BadChart as error:
        return None, str(error)


def _templates(
    files: Mapping[str, bytes],
    chart: Chart | None,
    trouble: str,
    given: Mapping[str, Any],
    render: Render,
    skip_schema: bool,
) -> Iterator[Finding]:
    from proxmox_mpc.charts.engine import RenderError

    if "templates" in files:
        yield Finding("error", TEMPLATES, "not a directory")
        return
    if not any(name.startswith(TEMPLATES) for name in files):
        yield Finding("warning", TEMPLATES, "directory does not exist")
        if chart is not None:
            return
    if chart is None:
        yield Finding("error", TEMPLATES, trouble)
        return
    try:
        values = coalesce(chart, given)
        if not skip_schema:
            validate(chart, values)
        rendered = render(chart, values)
    except (BadValues, BadChart, RenderError) as error:
        yield Finding("error", TEMPLATES, str(error))
        return
    try:
        for file in chart.templates:
            extension = posixpath.splitext(file.name)[1]
            if extension not in _EXTENSIONS:
                told = "Valid extensions are .yaml, .yml, .tpl, or .txt"
                yield Finding("error", file.name, f"file extension '{extension}' not valid. {told}")
            elif extension in (".yaml", ".yml") and not chart.integers:
                yield from documents.check(file.name, rendered.get(f"{chart.name}/{file.name}", ""))
    except documents.Unreadable as error:
        yield error.finding


def _dependencies(chart: Chart) -> Iterator[Finding]:
    named = {need.name for need in chart.metadata.dependencies}
    there = {one.name for one in chart.dependencies}
    if unnamed := sorted(there - named):
        yield Finding("error", "", f"chart metadata is missing these dependencies: {','.join(unnamed)}")
    if missing := [need.name for need in chart.metadata.dependencies if need.name not in there]:
        yield Finding("warning", "", f"chart directory is missing these dependencies: {','.join(missing)}")


def _crds(chart: Chart) -> Iterator[Finding]:
    for file in chart.files:
        if not file.name.startswith("crds/"):
            continue
        for part in file.text.split("\n---"):
            try:
                document = read_yaml(part)
            except GoError as error:
                yield Finding("error", file.name, f"unable to parse YAML: {error}")
                break
            if not isinstance(document, dict):
                continue
            if not str(document.get("apiVersion") or "").startswith("apiextensions.k8s.io"):
                yield Finding("error", file.name, "apiVersion is not in 'apiextensions.k8s.io'")
            if document.get("kind") != "CustomResourceDefinition":
                yield Finding("error", file.name, "object kind is not 'CustomResourceDefinition'")
