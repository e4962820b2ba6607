"""Make a new chart."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import bytes_of, text_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.archive import unpack
from proxmox_mpc.charts.scaffold import scaffold


class ChartCreateRequest(Request):
    """What it is called, and what it starts from."""

    name: str = Field(description="The chart's name.")
    starter: str = Field("", description="A chart to start from: a .tgz in base64; else ours.", repr=False)


class ChartCreateResult(Result):
    """The chart's files by their names, in base64."""

    name: str
    files: dict[str, str] = Field(repr=False)


@action(permission="charts:read", route="POST /charts/create", scope="anywhere")
async def chart_create(session: Session, request: ChartCreateRequest) -> ChartCreateResult:
    """Make the files of a new chart, which installs as it is."""
    starter = unpack(bytes_of(request.starter, "starter")) if request.starter else None
    files = scaffold(request.name, starter)
    return ChartCreateResult(name=request.name, files={path: text_of(data) for path, data in files.items()})
