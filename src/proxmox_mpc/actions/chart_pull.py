"""Get a chart from a repository."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import ANY_VERSION, find_chart, text_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.chart import load_archive


class ChartPullRequest(Request):
    """Which chart."""

    chart: str = Field(description="REPOSITORY/NAME, a URL of a .tgz, or a name in the repository at `repo_url`.")
    version: str = Field("", description="A version, or a range whose newest is taken; else the newest release.")
    devel: bool = Field(False, description="Versions that are no releases yet, too.")
    repo_url: str = Field("", description="URL of a repository that need not be known.")
    username: str = Field("", description="User there, or at the URL.")
    password: str = Field("", description="That user's password.", repr=False)
    provenance: bool = Field(False, description="Get what says who signed it, too.")


class ChartPullResult(Result):
    """A chart as it was sent: the .tgz in base64, and its provenance if that was asked for."""

    name: str
    version: str
    file_name: str
    data: str = Field(repr=False)
    digest: str
    provenance: str = ""


@action(permission="charts:read", route="POST /charts/pull", scope="anywhere")
async def chart_pull(session: Session, request: ChartPullRequest) -> ChartPullResult:
    """Get a chart from a repository or a URL; it must be what the repository's index says of it."""
    version = request.version or (ANY_VERSION if request.devel else "")
    login = request.username, request.password
    found = await find_chart(session, request.chart, version, request.repo_url, login)
    made = await found.package()
    about = load_archive(made.data).metadata
    return ChartPullResult(
        name=about.name,
        version=about.version,
        file_name=made.name,
        data=text_of(made.data),
        digest=made.digest,
        provenance=await found.provenance() if request.provenance else "",
    )
