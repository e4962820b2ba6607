"""Write the index of a chart repository."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import bytes_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.repository import indexed, read_index, write_index


class RepoIndexRequest(Request):
    """The archives of a repository."""

    archives: dict[str, str] = Field(description="Each .tgz in base64, by its path in the repository.", repr=False)
    url: str = Field("", description="URL that the paths stand below; else they are relative to the index.")
    merge: str = Field("", description="An index.yaml whose other entries are kept.", repr=False)


class RepoIndexResult(Result):
    """The text of index.yaml, and how many versions of charts it names."""

    text: str
    versions: int
    remarks: list[str]


@action(permission="charts:read", route="POST /repositories/index")
async def repo_index(session: Session, request: RepoIndexRequest) -> RepoIndexResult:
    """Write the index.yaml of a chart repository out of its archives."""
    packages = [Package(name, bytes_of(data, name)) for name, data in sorted(request.archives.items())]
    merged = read_index(request.merge) if request.merge else None
    index = indexed(packages, session.now(), base_url=request.url, merged=merged)
    count = sum(len(versions) for versions in index.entries.values())
    return RepoIndexResult(text=write_index(index), versions=count, remarks=list(index.remarks))
