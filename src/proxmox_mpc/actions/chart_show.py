"""Show what a chart says of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.showing import shown


class ChartShowRequest(Request):
    """Which chart, and what of it."""

    chart: str = Field(description="The chart: a .tgz in base64.", repr=False)
    what: Literal["all", "chart", "values", "readme", "kinds"] = Field("all", description="What of it.")


class ChartShowResult(Result):
    """The text."""

    name: str
    version: str
    text: str


@action(permission="charts:read", route="POST /charts/show", scope="anywhere")
async def chart_show(session: Session, request: ChartShowRequest) -> ChartShowResult:
    """Show what a chart says of itself: Chart.yaml, its values, its README, its kinds."""
    chart = chart_of(request.chart)
    return ChartShowResult(name=chart.name, version=chart.metadata.version, text=shown(chart, request.what))
