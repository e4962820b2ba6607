"""Show what a release was made from, and what it was rendered to."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._release_records import made_by_chart, release_content
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError


class ReleaseGetRequest(Request):
    """Which release, at which revision."""

    name: str = Field(description="The release's name.")
    revision: int | None = Field(None, ge=1, description="A revision; else the last one.")
    all_values: bool = Field(False, description="With the chart's defaults.")


class ReleaseGetResult(Result):
    """A revision of a release: its chart, values, manifests, hooks and notes."""

    name: str
    revision: int
    status: str
    chart: dict[str, str]
    values: dict[str, Any]
    manifest: str
    hooks: str
    notes: str


@action(permission="resources:write", route="GET /releases/{name}", scope="namespace", turn="name")
async def release_get(session: Session, request: ReleaseGetRequest) -> ReleaseGetResult:
    """Show a release: values, manifests, hooks and notes of a revision."""
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    found = [one for one in history if request.revision in (None, one.number)]
    if not found:
        there = f"release {request.name!r} has no revision {request.revision}"
        what = there if history else f"there is no release {request.name!r}"
        hint = f"proxmox-cli history {request.name}" if history else "proxmox-cli list shows the releases"
        raise NotFoundError(what, hint=hint)
    last = found[-1]
    release = await made_by_chart(session, request.name, found)
    manifest = "".join(
        f"---\n{yaml.safe_dump(document, sort_keys=False, allow_unicode=True)}" for document in last.manifests
    )
    if release is None:
        return ReleaseGetResult(
            name=request.name,
            revision=last.number,
            status=last.status,
            chart={},
            values={},
            manifest=manifest,
            hooks="",
            notes="",
        )
    content = release_content(release)
    values = content.get("values", {})
    if request.all_values:
        from proxmox_mpc.charts.activation import activated
        from proxmox_mpc.charts.values import jsonlike

        chart = chart_of(content["archive"])
        values = activated(chart, jsonlike(values, integers=chart.integers)).values
    return ReleaseGetResult(
        name=request.name,
        revision=last.number,
        status=last.status,
        chart=release.chart,
        values=values,
        manifest=manifest,
        hooks="".join(f"---\n# Source: {hook['file']}\n{hook['text'].strip()}\n" for hook in content.get("hooks", [])),
        notes=content.get("notes", ""),
    )
