"""Accept drift: a baseline."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._drifts import AcceptedView, accepted_view, look, named
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError, UsageError


class DriftAcceptRequest(Request):
    """Which drift, for how long, and why."""

    application: str = Field(description="The application that owns it.")
    resources: list[str] = Field([], description="Names, VMIDs or KIND/NAME; all that have drifted when empty.")
    fields: list[str] = Field([], description="Paths of fields, with all below them; all that differ when empty.")
    until: datetime | None = Field(None, description="When it is reported again; never when empty.")
    reason: str = Field("", description="Why it is accepted.")


class DriftAcceptResult(Result):
    """What is accepted now."""

    items: list[AcceptedView]


@action(
    permission="resources:write",
    route="POST /applications/{application}/drift/accept",
    writes=True,
    scope="namespace",
    status=201,
    turn="application",
)
async def drift_accept(session: Session, request: DriftAcceptRequest) -> DriftAcceptResult:
    """Accept drift as it is now: it is not reported until it expires or the live value changes again."""
    from proxmox_mpc.store import Baseline

    now = session.now()
    if request.until is not None and request.until <= now:
        raise UsageError(f"{request.until:%Y-%m-%d %H:%M} has passed", hint="accept it until a moment that comes")
    context, store = await session.context(), await session.store()
    (looked,) = await look(session, request.application)
    members = {one.member.key: one.member.owned for one in looked.drifted}
    keys = named(members, request.resources) if request.resources else list(members)
    found = [
        (one.member.key, change)
        for one in looked.drifted
        if one.member.key in keys
        for change in (difference.change for difference in one.differences)
        if not request.fields or any(_is_within(change.path, field) for field in request.fields)
    ]
    paths = [change.path for _, change in found]
    strange = [field for field in request.fields if not any(_is_within(path, field) for path in paths)]
    if strange or not found:
        what = f"{', '.join(strange)} has not drifted" if strange else "nothing of it has drifted"
        raise NotFoundError(f"{what}; nothing was accepted", hint=f"proxmox-cli drift {request.application}")
    baselines = [
        Baseline(
            context=context.name,
            kind=key.kind,
            namespace=key.namespace,
            name=key.name,
            path=change.path,
            application=request.application,
            value=change.old,
            reason=request.reason,
            actor=session.actor,
            at=now,
            expires_at=request.until,
        )
        for key, change in found
    ]
    await store.baselines.put(baselines)
    return DriftAcceptResult(items=[accepted_view(one) for one in baselines])


def _is_within(path: str, field: str) -> bool:
    field = field.removeprefix("spec.")
    return path == field or path.startswith(f"{field}.")
