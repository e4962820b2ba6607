"""Upgrade a release to another chart or other values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._deploying import Deploying, ReleaseResult, deployed, deployment, proposed
from proxmox_mpc.actions._release_records import before_upgrade
from proxmox_mpc.actions._releases import chart_of, render_release, values_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._ways_back import or_back
from proxmox_mpc.actions.install import InstallRequest, install
from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.coalescing import coalesce, laid_under
from proxmox_mpc.charts.releases import check_installable, check_name
from proxmox_mpc.charts.values import jsonlike
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE
from proxmox_mpc.store.records import Release


class UpgradeRequest(Deploying):
    """Which release, to which chart, with which values; without values those of the last time."""

    install: bool = Field(False, description="Install it, if there is no such release.")
    reuse_values: bool = Field(False, description="Keep all values of the last time, and lay these over them.")
    reset_values: bool = Field(False, description="Forget the values of the last time.")
    reset_then_reuse_values: bool = Field(
        False, description="Take the new chart's defaults, then the last time's values, then these."
    )


@action(
    permission="resources:write", route="PUT /releases/{name}", writes=True, scope="namespace", long=True, turn="name"
)
async def upgrade(session: Session, request: UpgradeRequest) -> ReleaseResult:
    """Make a release as another version of its chart, or other values, say; only what differs is changed."""
    check_name(request.name)
    chart = chart_of(request.chart)
    check_installable(chart)
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    if not history or history[-1].status == "uninstalled":
        if not request.install:
            hint = f"proxmox-cli install {request.name} CHART, or upgrade --install"
            raise NotFoundError(f'"{request.name}" has no deployed releases', hint=hint)
        fields = {name: getattr(request, name) for name in InstallRequest.model_fields}
        return await install(session, InstallRequest(**fields))
    last = history[-1]
    before = await before_upgrade(session, request.name, history)
    namespace = request.namespace or (before.content.get("namespace") if before else "") or DEFAULT_NAMESPACE
    request = request.model_copy(update={"namespace": namespace})
    given = values_of(request.values, chart)
    chart, given = _values(request, chart, given, before)
    made = await render_release(session, chart, given, request, revision=last.number + 1, upgrade=True)
    one = deployment(request, made, "upgrade")
    if not request.agreed:
        return await proposed(session, one)
    async with or_back(session, request, history):
        return await deployed(session, request, one)


def _values(
    request: UpgradeRequest, chart: Chart, given: dict[str, Any], before: Release | None
) -> tuple[Chart, dict[str, Any]]:
    """The chart and the values of the upgrade, as the last time's are to be kept or not (Helm 4.2.3: upgrade.go)."""
    if before is None or request.reset_values:
        return chart, given
    # They were kept as JSON, whose numbers are floats for Helm.
    last: dict[str, Any] = jsonlike(before.content.get("values", {}), integers=chart.integers)
    if request.reuse_values:
        old = chart_of(before.content["archive"])
        return replace(chart, values=coalesce(old, last)), laid_under(given, last)
    if request.reset_then_reuse_values:
        return chart, laid_under(given, last)
    return chart, given or last
