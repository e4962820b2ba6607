"""List the chart repositories that are known."""

from __future__ import annotations

from datetime import datetime

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import repositories
from proxmox_mpc.actions._session import Session


class RepoListRequest(Request):
    """All repositories."""


class RepositoryView(Result):
    """One repository; what its password is is not told."""

    name: str
    url: str
    username: str
    fetched_at: datetime | None


class RepoListResult(Result):
    """The repositories by name."""

    items: list[RepositoryView]


@action(permission="charts:read", route="GET /repositories")
async def repo_list(session: Session, request: RepoListRequest) -> RepoListResult:
    """List the chart repositories that are known."""
    return RepoListResult(
        items=[
            RepositoryView(name=one.name, url=one.url, username=one.username, fetched_at=one.fetched_at)
            for one in await repositories(session)
        ]
    )
