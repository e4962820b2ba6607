"""Render a chart without installing it."""

from __future__ import annotations

import fnmatch

from pydantic import Field

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._deploying import hooks_text
from proxmox_mpc.actions._planning import load
from proxmox_mpc.actions._releases import Rendered, Rendering, chart_of, render_release, values_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.releases import check_complete
from proxmox_mpc.errors import MpcError, NotFoundError


class ChartTemplateRequest(Rendering):
    """Which chart, with which values, and what of it is shown."""

    name: str = Field("release-name", description="The release's name in the templates.")
    show_only: list[str] = Field([], description="Only these templates: paths in the chart, `*` for any.")
    is_upgrade: bool = Field(False, description="As if a release were upgraded.")
    cluster: bool = Field(False, description="Ask the cluster for lookups and capabilities.")
    check: bool = Field(False, description="Check what was rendered against the kinds that there are.")
    hooks: bool = Field(True, description="Hooks too.")
    tests: bool = Field(True, description="Tests too.")


class TemplateView(Result):
    """One rendered template: its path in the chart, and its text."""

    path: str
    text: str


class ChartTemplateResult(Result):
    """What the chart was rendered to."""

    name: str
    templates: list[TemplateView]
    hooks: str
    manifest: str
    notes: str
    remarks: list[str] = []


@action(permission="resources:read", route="POST /charts/template", scope="namespace")
async def chart_template(session: Session, request: ChartTemplateRequest) -> ChartTemplateResult:
    """Render a chart as Helm would, and show the manifests; nothing is planned or changed."""
    chart = chart_of(request.chart)
    check_complete(chart)
    given = values_of(request.values, chart)
    made = await render_release(session, chart, given, request, upgrade=request.is_upgrade, cluster=request.cluster)
    if request.check:
        try:
            await load(session, made.texts, request.namespace, with_secrets=request.cluster)
        except MpcError as error:
            raise made.placed(error) from None
    shown = _chosen(made, request.show_only)
    found = made.manifests
    return ChartTemplateResult(
        name=request.name,
        templates=[TemplateView(path=name, text=made.files[name]) for name in shown],
        hooks=hooks_text(made, tests=request.tests) if request.hooks else "",
        manifest=found.manifest,
        notes=found.notes,
        remarks=[*made.chart.remarks, *found.remarks],
    )


def _chosen(made: Rendered, patterns: list[str]) -> list[str]:
    """The rendered templates that these name, by their paths in the chart. Raises NotFoundError."""
    names = [name for name in sorted(made.files) if made.files[name].strip() and not name.endswith("NOTES.txt")]
    if not patterns:
        return names
    chosen: list[str] = []
    for pattern in patterns:
        hits = [name for name in names if fnmatch.fnmatchcase(name.partition("/")[2], pattern)]
        if not hits:
            there = ", ".join(name.partition("/")[2] for name in names)
            raise NotFoundError(f"could not find template {pattern} in chart", hint=f"there are: {there}")
        chosen += [name for name in hits if name not in chosen]
    return chosen
