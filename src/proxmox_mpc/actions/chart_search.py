"""Search the charts of the repositories that are known."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import ANY_VERSION, repositories
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.repository import read_index, search
from proxmox_mpc.errors import NotFoundError


class ChartSearchRequest(Request):
    """What is looked for."""

    term: str = Field("", description="Words that the name, description or keywords of a chart have.")
    regexp: bool = Field(False, description="The term is a regular expression.")
    version: str = Field("", description="A range of versions.")
    versions: bool = Field(False, description="Every version, not the newest alone.")
    devel: bool = Field(False, description="Versions that are no releases yet, too.")


class ChartView(Result):
    """One chart in one version."""

    name: str
    version: str
    app_version: str
    description: str
    deprecated: bool


class ChartSearchResult(Result):
    """What was found, best first."""

    items: list[ChartView]


@action(permission="charts:read", route="GET /charts/search", scope="anywhere")
async def chart_search(session: Session, request: ChartSearchRequest) -> ChartSearchResult:
    """Search the charts of the repositories that are known; their indexes are as `repo update` found them."""
    known = await repositories(session)
    if not known:
        raise NotFoundError("no repository is known", hint="proxmox-cli repo add NAME URL")
    version = request.version or (ANY_VERSION if request.devel else "")
    indexes = {one.name: read_index(one.index) for one in known if one.index}
    found = search(indexes, request.term, version=version, every=request.versions, regexp=request.regexp)
    return ChartSearchResult(
        items=[
            ChartView(
                name=one.name,
                version=one.version.version,
                app_version=one.version.app_version,
                description=one.version.description,
                deprecated=one.version.deprecated,
            )
            for one in found
        ]
    )
