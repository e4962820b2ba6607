"""Look for mistakes in a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import Field, ValidationError

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._hooks import check
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._releases import Rendered, Rendering, render_release, values_of
from proxmox_mpc.actions._repositories import bytes_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.archive import unpack
from proxmox_mpc.charts.chart import Chart, load_files
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.linting import rules, values_file
from proxmox_mpc.charts.linting.findings import Finding, Severity
from proxmox_mpc.engine.order import edges
from proxmox_mpc.errors import InvalidInputs, MpcError
from proxmox_mpc.kinds import find_kind

RELEASE = "test-release"
"""The name under which Helm 4.2.3 renders a chart to lint it."""
_HOOK_ANNOTATIONS = ("hook", "hook-weight", "hook-delete-policy", "hook-output-log-policy")


class ChartLintRequest(Rendering):
    """A chart, which need not be a good one, and values for it."""

    name: str = Field(RELEASE, description="The release's name in the templates.")
    strict: bool = Field(False, description="Warnings are errors.")
    with_subcharts: bool = Field(False, description="The charts in it too.")


class FindingView(Result):
    """One thing that lint has to say; line and column are 0 where there is none."""

    severity: Severity
    path: str
    line: int
    column: int
    message: str


class ChartFindings(Result):
    """What was found in one chart, by its path in the first."""

    chart: str
    findings: list[FindingView]


class ChartLintResult(Result):
    """What was found, and whether that is a failure."""

    failed: bool
    charts: list[ChartFindings]


@action(permission="charts:read", route="POST /charts/lint", scope="anywhere")
async def chart_lint(session: Session, request: ChartLintRequest) -> ChartLintResult:
    """Look for mistakes in a chart: its files, values, templates, manifests, hooks and style."""
    files = unpack(bytes_of(request.chart, "chart"))
    found = [ChartFindings(chart="", findings=await _linted(session, request, files))]
    if request.with_subcharts:
        for path, inner in _inside(files):
            bare = request.model_copy(update={"values": ChartLintRequest(chart="").values})
            found.append(ChartFindings(chart=path, findings=await _linted(session, bare, inner)))
    worst = {one.severity for chart in found for one in chart.findings}
    return ChartLintResult(failed="error" in worst or (request.strict and "warning" in worst), charts=found)


def _inside(files: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The charts in `charts/`, with their files."""
    folders: dict[str, dict[str, bytes]] = {}
    for name, data in files.items():
        folder, _, rest = name.removeprefix("charts/").partition("/")
        if not name.startswith("charts/") or folder.startswith(("_", ".")):
            continue
        if rest:
            folders.setdefault(folder, {})[rest] = data
        elif folder.endswith(".tgz"):
            with suppress(BadChart):  # it is told of the chart that it stands in
                folders[folder] = unpack(data)
    return ((f"charts/{name}", folders[name]) for name in sorted(folders))


async def _linted(session: Session, request: ChartLintRequest, files: Mapping[str, bytes]) -> list[FindingView]:
    try:
        chart: Chart | None = load_files(files)
    except BadChart:
        chart = None
    given = values_of(request.values, chart) if chart else {}
    lacking: list[str] = []
    found = list(rules.check(files, given, partial(_rendered, request, lacking), skip_schema=request.skip_schema))
    own = chart is not None and chart.integers
    if chart is not None and own:
        found += _style(chart, files)
        if not any(one.severity == "error" for one in found):
            found += await _manifests(session, request, chart, given, lacking)
    found += (Finding("info", rules.TEMPLATES, f"needs a value: {one}") for one in dict.fromkeys(lacking))
    views = [
        FindingView(severity=one.severity, path=one.path, line=one.line, column=one.column, message=one.message)
        for one in found
    ]
    return list(dict.fromkeys(views))


def _rendered(
    request: ChartLintRequest, lacking: list[str], chart: Chart, values: Mapping[str, Any]
) -> Mapping[str, str]:
    from proxmox_mpc.charts.language.state import Environment
    from proxmox_mpc.charts.rendering import Release, rendered

    if chart.integers:
        return {}  # rendered with what this product's charts are told, and then checked, by `_manifests`
    environment = Environment(lenient=lacking.append)
    return rendered(chart, values, Release(request.name, request.namespace), environment=environment)


async def _manifests(
    session: Session, request: ChartLintRequest, chart: Chart, given: Mapping[str, Any], lacking: list[str]
) -> list[Finding]:
    """What the kinds say of the manifests, and what is wrong with hooks, at the places in the templates."""
    if chart.metadata.type.lower() == "library":
        return []
    try:
        made = await render_release(session, chart, given, request, cluster=False, lenient=lacking.append)
    except MpcError as error:
        return list(_told(error, "error"))
    # What is made of a value that is missing need not fit.
    severity: Severity = "warning" if lacking else "error"
    found: list[Finding] = []
    for of_kinds in (True, False):
        try:
            files = made.chart.kinds if of_kinds else ()
            texts = [ManifestText(name=file.name, content=file.text) for file in files] if of_kinds else made.texts
            resources, _ = await load(session, texts, request.namespace, with_secrets=False)
            edges(resources, find_kind)
        except ValidationError:
            found.append(Finding("error", rules.TEMPLATES, "what is rendered is no text: a NUL, or half a character"))
        except MpcError as error:
            found += _told(made.placed(error), severity)
    found += (Finding("warning", rules.TEMPLATES, remark) for remark in made.manifests.remarks)
    found += _hooks(session, made, severity)
    return found


def _hooks(session: Session, made: Rendered, severity: Severity) -> Iterator[Finding]:
    tests = False
    for hook in made.manifests.hooks:
        tests = tests or "test" in hook.events
        for name in hook.annotations:
            _, _, word = name.partition("/")
            if word.startswith("hook") and word not in _HOOK_ANNOTATIONS:
                yield Finding("warning", hook.file.partition("/")[2], f"no hook has an annotation {name}")
        try:
            check(session, hook)
        except MpcError as error:
            yield from _told(made.placed(error), severity)
    if not tests:
        told = "a test is recommended: a template with the annotation proxmox.io/hook: test"
        yield Finding("info", rules.TEMPLATES, told)


def _style(chart: Chart, files: Mapping[str, bytes]) -> Iterator[Finding]:
    if not any(name.lower() == "readme.md" for name in files):
        yield Finding("info", "README.md", "a README is recommended: show readme prints it")
    if chart.schema is None and chart.values:
        yield Finding("info", "values.schema.json", "a schema is recommended: it tells users what a value may be")
    text = next((file.text for file in chart.raw if file.name == values_file.PATH), None)
    if text is not None:
        yield from values_file.uncommented(text)
        yield from values_file.unasked(chart)


def _told(error: MpcError, severity: Severity) -> Iterator[Finding]:
    for one in error.errors if isinstance(error, InvalidInputs) else (error,):
        message = f"{one.message} ({one.hint})" if one.hint else one.message
        place = one.place
        if place is None:
            yield Finding(severity, rules.TEMPLATES, message)
        else:
            # Places name files as charts are rendered: web/templates/vm.yaml.
            path = place.file.partition("/")[2] if "/templates/" in place.file else place.file
            yield Finding(severity, path, message, place.line, place.column)
