"""Forget chart repositories."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import repositories
from proxmox_mpc.actions._session import Session


class RepoRemoveRequest(Request):
    """Which ones."""

    names: list[str] = Field(min_length=1, description="Names of repositories.")


class RepoRemoveResult(Result):
    """What was forgotten."""

    names: list[str]


@action(permission="charts:write", route="POST /repositories/remove", writes=True, scope="server")
async def repo_remove(session: Session, request: RepoRemoveRequest) -> RepoRemoveResult:
    """Forget chart repositories, with their logins; releases made from their charts stay."""
    store = await session.store()
    for one in await repositories(session, request.names):
        await store.chart_repositories.delete(one.name)
    return RepoRemoveResult(names=request.names)
