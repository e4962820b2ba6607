"""Read the indexes of chart repositories anew."""

from __future__ import annotations

import asyncio
import time

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import refreshed, repositories
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.store.records import ChartRepository

AT_ONCE = 8
"""Repositories that are read at a time: they are different servers, and an index may have 30 MiB."""


class RepoUpdateRequest(Request):
    """Which ones."""

    names: list[str] = Field([], description="Names of repositories; else all.")


class RepoUpdateView(Result):
    """How one repository answered: the number of its charts, or what went wrong."""

    name: str
    url: str
    charts: int = 0
    error: str = ""
    hint: str = ""


class RepoUpdateResult(Result):
    """How all answered."""

    items: list[RepoUpdateView]


@action(permission="charts:write", route="POST /repositories/update", writes=True, scope="server")
async def repo_update(session: Session, request: RepoUpdateRequest) -> RepoUpdateResult:
    """Read the indexes of chart repositories anew, several at a time; one that fails keeps the index it had."""
    known = await repositories(session, request.names)
    if not known:
        raise NotFoundError("no repository is known", hint="proxmox-cli repo add NAME URL")
    places = asyncio.Semaphore(AT_ONCE)

    async def update(one: ChartRepository) -> RepoUpdateView:
        key, began = Key("Repository", "", one.name), time.monotonic()
        async with places:
            session.report(Progress(key, "started", verb="update"))
            try:
                _, index = await refreshed(session, one)
            except MpcError as error:
                seconds = time.monotonic() - began
                session.report(Progress(key, "failed", text=str(error), seconds=seconds, verb="update"))
                return RepoUpdateView(name=one.name, url=one.url, error=str(error), hint=error.hint)
            session.report(Progress(key, "done", seconds=time.monotonic() - began, verb="update"))
            return RepoUpdateView(name=one.name, url=one.url, charts=len(index.entries))

    return RepoUpdateResult(items=list(await asyncio.gather(*map(update, known))))
