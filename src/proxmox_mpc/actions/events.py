"""List events: what happened to which resource."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import sight
from proxmox_mpc.kinds import find_kind


class EventsRequest(Request):
    """Which events."""

    kind: str = Field("", description="Only of this kind, by any of its names.")
    name: str = Field("", description="Only of the resource of this name.")
    namespace: str = Field("", description="Only of this namespace.")
    warnings: bool = Field(False, description="Only warnings.")
    since_s: float | None = Field(None, ge=0, description="Only those of the last so many seconds.")
    after: int = Field(0, ge=0, description="Only those after this number, the oldest first: to follow.")
    limit: int = Field(100, ge=1, le=5000, description="How many at the most.")


class EventView(Result):
    """One event."""

    id: int
    at: datetime
    type: str
    reason: str
    kind: str
    namespace: str
    name: str
    message: str
    actor: str


class EventsResult(Result):
    """Events, the oldest first; `after` asks for those that come next."""

    items: list[EventView]
    after: int


@action(permission="events:read", route="GET /events", scope="namespace")
async def events(session: Session, request: EventsRequest) -> EventsResult:
    """List what happened to resources, the oldest first: the newest ones, or those after a number."""
    context, store, sees = await session.context(), await session.store(), await sight(session)
    since = session.now() - timedelta(seconds=request.since_s) if request.since_s is not None else None
    found = await store.events.page(
        context.name,
        kind=find_kind(request.kind).name if request.kind else "",
        name=request.name,
        namespace=request.namespace,
        type="Warning" if request.warnings else "",
        since=since,
        after=request.after,
        limit=request.limit,
    )
    items = [
        EventView(id=id, **{name: getattr(event, name) for name in EventView.model_fields if name != "id"})
        for id, event in found
        if sees(event.namespace)
    ]
    return EventsResult(items=items, after=found[-1][0] if found else request.after)
