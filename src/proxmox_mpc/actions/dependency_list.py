"""List the charts that a chart needs."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._repositories import named_by_url, repositories
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.dependencies import in_step, statuses


class DependencyListRequest(Request):
    """Which chart."""

    chart: str = Field(description="The chart: a .tgz in base64.", repr=False)


class DependencyView(Result):
    """One dependency and how it stands: ok, unpacked, missing, wrong version …"""

    name: str
    version: str
    repository: str
    status: str


class DependencyListResult(Result):
    """The dependencies; `remarks` tell of charts in `charts/` that Chart.yaml does not name, and of an old lock."""

    items: list[DependencyView]
    remarks: list[str] = []


@action(permission="charts:read", route="POST /charts/dependencies/list", scope="anywhere")
async def dependency_list(session: Session, request: DependencyListRequest) -> DependencyListResult:
    """List the charts that a chart needs, and whether they are there."""
    chart = chart_of(request.chart)
    known = {need.name for need in chart.metadata.dependencies}
    remarks = [f"charts/{one.name} is not in Chart.yaml" for one in chart.dependencies if one.name not in known]
    if chart.lock is not None and not in_step(named_by_url(chart, await repositories(session))):
        remarks.append("Chart.lock was made for other dependencies: proxmox-cli dependency update CHART")
    items = [
        DependencyView(
            name=one.dependency.name,
            version=one.dependency.version,
            repository=one.dependency.repository,
            status=one.status,
        )
        for one in statuses(chart)
    ]
    return DependencyListResult(items=items, remarks=remarks)
