"""Bring a chart's dependencies up to date."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._repositories import fetching, named_by_url, repositories
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._vendoring import VendoredResult, Vendoring, vendored_result
from proxmox_mpc.charts.dependencies import updated


class DependencyUpdateRequest(Vendoring):
    """Which chart."""


@action(permission="charts:read", route="POST /charts/dependencies/update", scope="anywhere")
async def dependency_update(session: Session, request: DependencyUpdateRequest) -> VendoredResult:
    """Find the newest charts that a chart's dependencies allow, and lock them."""
    known = await repositories(session)
    chart = named_by_url(chart_of(request.chart), known)
    made = await updated(chart, session.now(), fetch=fetching(session, known), open_folder=request.open_folder)
    return vendored_result(chart, made)
