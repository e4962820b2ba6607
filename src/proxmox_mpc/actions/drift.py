"""Show what has drifted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._drifts import AcceptedView, accepted_view, look
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import change_view
from proxmox_mpc.applications.drift import Difference, Drifted
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Kind


class DriftRequest(Request):
    """Which application, or which resources; all when empty."""

    application: str = Field("", description="The application's name; all when empty.")
    texts: list[ManifestText] = Field([], description="Manifests: only the resources that they name.")
    namespace: str = Field(DEFAULT_NAMESPACE, description="Namespace for manifests that name none.")


class TaskView(Result):
    """The task that is proven to have made a difference."""

    upid: str
    type: str
    user: str
    at: datetime


class FieldView(Result):
    """One field that differs; its path is empty where the whole resource is missing.

    It was as declared at `as_declared_at`, and differs since `since` where that is proven by a task, in any case
    `before`.
    """

    path: str
    declared: Any = None
    live: Any = None
    as_declared_at: datetime
    before: datetime
    since: datetime | None = None
    task: TaskView | None = None
    accepted: AcceptedView | None = None


class ResourceDriftView(Result):
    """One resource that is not as it was applied: drifted, missing, unfinished, or unknown (its node is offline)."""

    application: str
    kind: str
    namespace: str
    name: str
    where: str
    state: str
    accepted: bool
    detail: str = ""
    fields: list[FieldView] = []


class CheckedView(Result):
    """An application that was looked at: how many of its resources, and how many of them have drifted."""

    name: str
    source: str
    resources: int
    drifted: int
    accepted: int
    unknown: int


class DriftResult(Result):
    """What is not as it was applied; `drifted` is whether something is that nobody accepted."""

    context: str
    at: datetime
    drifted: bool
    applications: list[CheckedView]
    items: list[ResourceDriftView]
    unowned: list[str] = []


@action(permission="resources:read", route="POST /drift", scope="namespace")
async def drift(session: Session, request: DriftRequest) -> DriftResult:
    """Show which declared fields differ from what was last applied, since when, and who changed them."""
    only = None
    if request.texts:
        resources, _ = await load(session, request.texts, request.namespace, with_secrets=False)
        only = [resource.key for resource in resources]
    looked = await look(session, request.application, only)
    seen = {one.member.key for app in looked for one in app.drifted}
    items = [
        _item(app.application.name, one)
        for app in looked
        for one in app.drifted
        if one.differences or one.member.state in ("unknown", "unfinished")
    ]
    return DriftResult(
        context=(await session.context()).name,
        at=session.now(),
        drifted=any(item.fields and not item.accepted for item in items),
        applications=[
            CheckedView(
                name=app.application.name,
                source=app.source,
                resources=len(app.drifted),
                drifted=sum(bool(one.differences) and not one.is_accepted for one in app.drifted),
                accepted=sum(one.is_accepted for one in app.drifted),
                unknown=sum(one.member.state == "unknown" for one in app.drifted),
            )
            for app in looked
        ],
        items=items,
        unowned=[str(key) for key in only or () if key not in seen],
    )


def _item(application: str, one: Drifted) -> ResourceDriftView:
    key, kind = one.member.key, find_kind(one.member.key.kind)
    return ResourceDriftView(
        application=application,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        where=one.member.where,
        state=one.member.state,
        accepted=one.is_accepted,
        detail=one.member.detail,
        fields=[_field(kind, difference) for difference in one.differences],
    )


def _field(kind: Kind, one: Difference) -> FieldView:
    shown, trace = change_view(kind, one.change), one.trace
    return FieldView(
        path=one.path,
        declared=shown.new,
        live=shown.old,
        as_declared_at=one.applied_at,
        before=one.seen_at,
        since=trace.at if trace else None,
        task=TaskView(upid=trace.upid, type=trace.type, user=trace.user, at=trace.at) if trace else None,
        accepted=accepted_view(one.accepted) if one.accepted else None,
    )
