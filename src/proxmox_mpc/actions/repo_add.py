"""Make a chart repository known."""

from __future__ import annotations

import re

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import clean_url, refreshed
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import InvalidInput, RefusedError
from proxmox_mpc.store.records import ChartRepository

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class RepoAddRequest(Request):
    """A repository, and the name it gets."""

    name: str = Field(description="What its charts begin with: NAME/CHART.")
    url: str = Field(description="Where its index.yaml stands.")
    username: str = Field("", description="User, where it wants a login.")
    password: str = Field("", description="That user's password; kept encrypted.", repr=False)
    force: bool = Field(False, description="Put it in the place of another one of this name.")


class RepoAddResult(Result):
    """The repository, and how many charts are in it."""

    name: str
    url: str
    charts: int
    remarks: list[str] = []


class RepositoryKnown(RefusedError):
    """There is another repository of this name."""

    code = "repository.known"


@action(permission="charts:write", route="POST /repositories", writes=True, scope="server", status=201)
async def repo_add(session: Session, request: RepoAddRequest) -> RepoAddResult:
    """Make a chart repository known by a name; its index is read at once."""
    if not _NAME.fullmatch(request.name):
        raise InvalidInput(f"{request.name!r} is no name for a repository", hint="letters, digits, dots and hyphens")
    url = clean_url(request.url)
    there = await (await session.store()).chart_repositories.get(request.name)
    if there is not None and there.url.rstrip("/") != url.rstrip("/") and not request.force:
        hint = "another name, or --force to put this one in its place"
        raise RepositoryKnown(f"{request.name} is {there.url} already", hint=hint)
    one = ChartRepository(request.name, url, request.username, request.password)
    _, index = await refreshed(session, one)
    return RepoAddResult(name=one.name, url=url, charts=len(index.entries), remarks=list(index.remarks))
