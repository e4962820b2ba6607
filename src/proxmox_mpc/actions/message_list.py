"""Read back what the event bus carried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import READ, sight
from proxmox_mpc.store import Message, RecordMissing

PERMISSION = "messages:read"


class MessageListRequest(Request):
    """From where on, and of which rooms."""

    after: int = Field(0, ge=0, description="Only messages after this number.")
    rooms: list[str] = Field([], description="Only of these rooms, such as jobs, jobs/ID, applications/NAME.")
    limit: int = Field(500, ge=1, le=5000, description="How many are looked at.")


class MessageView(Result):
    """One message."""

    id: int
    at: datetime
    room: str
    type: str
    context: str
    namespace: str
    payload: dict[str, Any]


class MessageListResult(Result):
    """Messages, the oldest first; `after` asks for those that come next, `last` is the newest there is.

    `gap` says that some after the number that was asked for are not kept any more: look at the whole anew.
    """

    items: list[MessageView]
    after: int
    last: int
    gap: bool


@action(permission=PERMISSION, route="GET /messages", scope="own")
async def message_list(session: Session, request: MessageListRequest) -> MessageListResult:
    """Read back what was told in rooms: only what the reader may see."""
    store, sees = await session.store(), hears(session)
    first, last = await store.messages.kept()
    found = await store.messages.read(request.after, rooms=request.rooms, limit=request.limit)
    items = [MessageView(**message.__dict__) for message in found if await sees(message)]
    after = found[-1].id if found else request.after
    return MessageListResult(items=items, after=after, last=last, gap=has_gap(request.after, first))


def has_gap(after: int, first: int) -> bool:
    """Whether messages after this number are not kept any more, where `first` is the oldest that is."""
    return 0 < after < first - 1


def hears(session: Session) -> Callable[[Message], Awaitable[bool]]:
    """Whether the actor may see a message: where it has the permission, and what its own jobs tell."""
    access, sees = session.who.access, sight(session, READ)
    jobs: dict[str, bool] = {}

    async def heard(message: Message) -> bool:
        if access.is_unlimited or access.allows(PERMISSION, message.context or "*", message.namespace or "*"):
            return True
        id = str(message.payload.get("id", "")) if message.type.startswith("job.") else ""
        if not id:
            return False
        if id not in jobs:
            try:
                jobs[id] = await sees(await (await session.store()).jobs.get(id))
            except RecordMissing:
                jobs[id] = False
        return jobs[id]

    return heard
