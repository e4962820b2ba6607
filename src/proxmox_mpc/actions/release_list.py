"""List releases: applications that charts made, and the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import visible_applications
from proxmox_mpc.errors import UsageError


class ReleaseListRequest(Request):
    """Which releases."""

    filter: str = Field("", description="A regular expression (RE2) that names must match.")
    status: list[str] = Field([], description="Only these: deployed, failed, pending, uninstalled; all when empty.")


class ReleaseView(Result):
    """One application by its last revision; `chart` is empty where manifests made it."""

    name: str
    revision: int
    updated_at: datetime
    status: str
    chart: str = ""
    app_version: str = ""
    source: str = ""


class ReleaseListResult(Result):
    """Applications of the context, by name."""

    items: list[ReleaseView]


@action(permission="resources:read", route="GET /releases", scope="namespace")
async def release_list(session: Session, request: ReleaseListRequest) -> ReleaseListResult:
    """List releases and other applications: revision, status, chart."""
    context, store = await session.context(), await session.store()
    matches = _matcher(request.filter)
    charts = {(one.application, one.number): one for one in await store.releases.list(context.name)}
    items = []
    in_sight = await visible_applications(session)
    for app in await store.applications.list(context.name):
        if not in_sight(app.name) or not matches(app.name) or (request.status and app.status not in request.status):
            continue
        last = await store.applications.revision(context.name, app.name, app.revision)
        release = charts.get((app.name, app.revision))
        items.append(
            ReleaseView(
                name=app.name,
                revision=app.revision,
                updated_at=last.created_at,
                status=app.status,
                chart=release.label if release else "",
                app_version=release.chart.get("appVersion", "") if release else "",
                source=last.source,
            )
        )
    return ReleaseListResult(items=items)


def _matcher(pattern: str) -> Callable[[str], Any]:
    """Whether a name matches, in linear time."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        search: Callable[[str], Any] = re2.compile(pattern, options).search
    except re2.error:
        raise UsageError(f"--filter {pattern!r} is no regular expression") from None
    return search
