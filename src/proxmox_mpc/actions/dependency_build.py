"""Bring the charts that a chart's lock names."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._repositories import fetching, named_by_url, repositories
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._vendoring import VendoredResult, Vendoring, vendored_result
from proxmox_mpc.charts.dependencies import built, updated


class DependencyBuildRequest(Vendoring):
    """Which chart."""


@action(permission="charts:read", route="POST /charts/dependencies/build", scope="anywhere")
async def dependency_build(session: Session, request: DependencyBuildRequest) -> VendoredResult:
    """Get the charts that a chart's lock file names; without a lock file, as update does."""
    known = await repositories(session)
    chart = named_by_url(chart_of(request.chart), known)
    fetch = fetching(session, known)
    if chart.lock is None:
        made = await updated(chart, session.now(), fetch=fetch, open_folder=request.open_folder)
    else:
        made = await built(chart, fetch=fetch, open_folder=request.open_folder)
    return vendored_result(chart, made)
