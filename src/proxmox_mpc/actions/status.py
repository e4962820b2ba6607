"""Show how applications are."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._release_records import made_by_chart
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import change_view, written
from proxmox_mpc.actions._visibility import visible_applications
from proxmox_mpc.applications import drift
from proxmox_mpc.applications.drift import Difference, Drifted
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.engine.drift import members
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Owned
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.store import Application


class StatusRequest(Request):
    """Which application; all when empty."""

    application: str = Field("", description="The application's name; all when empty.")


class MemberView(Result):
    """One owned resource: synced, drifted (in what), drift accepted, restart pending, unfinished, missing, unknown."""

    kind: str
    namespace: str
    name: str
    state: str
    detail: str = ""
    where: str = ""


class ApplicationView(Result):
    """One application: its last revision, and how its resources are; of one that is asked for, its chart's notes."""

    name: str
    revision: int
    status: str
    updated_at: datetime
    health: str
    members: list[MemberView]
    chart: str = ""
    notes: str = ""


class StatusResult(Result):
    """Applications of the context, by name."""

    context: str
    items: list[ApplicationView]


@action(permission="resources:read", route="GET /applications", scope="namespace")
async def status(session: Session, request: StatusRequest) -> StatusResult:
    """Show applications: last revision, and whether what they own is as it was applied."""
    context = await session.context()
    store = await session.store()
    in_sight = await visible_applications(session)
    applications = [app for app in await store.applications.list(context.name) if in_sight(app.name)]
    if request.application:
        applications = [app for app in applications if app.name == request.application]
        if not applications:
            raise NotFoundError(
                f"there is no application {request.application!r}", hint="proxmox-cli status lists them"
            )
    owned = await owned_by_key(store, context.name)
    view = await session.view()
    items = [await _application(session, view, context.name, app, owned) for app in applications]
    if request.application:
        items = [await _with_notes(session, items[0])]
    return StatusResult(context=context.name, items=items)


async def _application(
    session: Session, view: View, context: str, app: Application, owned: dict[Key, Owned]
) -> ApplicationView:
    store = await session.store()
    last = (await store.applications.history(context, app.name))[-1]
    found = await members(view, find_kind, of_application(owned, app.name), app.name)
    seen = [_member(one) for one in await drift.examined(store, context, view, find_kind, app, found, session.now())]
    states = {member.state for member in seen}
    lacking = states & {"missing", "unfinished"} or last.status == "failed"
    unseen = "unknown" if "unknown" in states else "synced"
    return ApplicationView(
        name=app.name,
        revision=last.number,
        status=last.status,
        updated_at=last.created_at,
        health="degraded" if lacking else "drifted" if "drifted" in states else unseen,
        members=seen,
    )


async def _with_notes(session: Session, item: ApplicationView) -> ApplicationView:
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, item.name)
    release = await made_by_chart(session, item.name, history) if item.status != "uninstalled" else None
    if release is None:
        return item
    return item.model_copy(update={"chart": release.label, "notes": release.content.get("notes", "")})


def _member(drifted: Drifted) -> MemberView:
    member, kind = drifted.member, find_kind(drifted.member.key.kind)
    detail = ", ".join(_difference(kind, one) for one in drifted.differences if one.path) or member.detail
    return MemberView(
        kind=member.key.kind,
        namespace=member.key.namespace,
        name=member.key.name,
        state="drift accepted" if drifted.is_accepted else member.state,
        detail=detail,
        where=member.where,
    )


def _difference(kind: Kind, one: Difference) -> str:
    shown = change_view(kind, one.change)
    text = f"{one.path} is {written(shown.old)}, not {written(shown.new)}"
    if one.accepted is not None:
        return f"{text} (accepted{f' until {one.accepted.expires_at:%Y-%m-%d}' if one.accepted.expires_at else ''})"
    return f"{text} ({one.trace.type} by {one.trace.user}, {one.trace.at.astimezone():%H:%M})" if one.trace else text
