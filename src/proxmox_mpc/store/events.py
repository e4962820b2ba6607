"""Events: what happened to which resource, for people to read."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import events
from proxmox_mpc.store.records import Event

_COLUMNS = [column for column in events.c if column.name != "id"]


@dataclass(frozen=True)
class Events:
    """Events of each context."""

    database: Database

    async def add(
        self,
        context: str,
        *,
        type: str,
        reason: str,
        kind: str,
        namespace: str,
        name: str,
        message: str,
        actor: str,
    ) -> Event:
        """Note what happened now; `type` is Normal or Warning, `reason` one word, `message` a sentence."""
        event = Event(context, self.database.now(), type, reason, kind, namespace, name, message, actor)
        async with self.database.write() as connection:
            await connection.execute(events.insert().values(event.__dict__))
        return event

    async def add_all(self, context: str, found: Sequence[Mapping[str, str]]) -> None:
        """Note several at once, each with the facts that `add` takes."""
        if found:
            now = self.database.now()
            async with self.database.write() as connection:
                await connection.execute(events.insert(), [{"context": context, "at": now, **facts} for facts in found])

    async def page(
        self,
        context: str,
        *,
        kind: str = "",
        name: str = "",
        namespace: str = "",
        type: str = "",
        since: datetime | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> builtins.list[tuple[int, Event]]:
        """Events with their numbers, the oldest first: the next ones after a number, or without one the newest."""
        equal = {"kind": kind, "name": name, "namespace": namespace, "type": type}
        query = select(events).where(events.c.context == context, events.c.id > after)
        query = query.where(*(events.c[column] == value for column, value in equal.items() if value))
        if since is not None:
            query = query.where(events.c.at >= since)
        query = query.order_by(events.c.id if after else events.c.id.desc()).limit(limit)
        async with self.database.read() as connection:
            rows = [dict(row._mapping) for row in (await connection.execute(query)).all()]
        return sorted(((row.pop("id"), Event(**row)) for row in rows), key=lambda pair: pair[0])

    async def list(
        self,
        context: str,
        *,
        kind: str | None = None,
        name: str | None = None,
        since: datetime | None = None,
        reasons: Collection[str] = (),
        limit: int = 1000,
    ) -> builtins.list[Event]:
        """The newest `limit` events that fit, the oldest of them first."""
        query = select(*_COLUMNS).where(events.c.context == context)
        if kind is not None:
            query = query.where(events.c.kind == kind)
        if name is not None:
            query = query.where(events.c.name == name)
        if since is not None:
            query = query.where(events.c.at >= since)
        if reasons:
            query = query.where(events.c.reason.in_(reasons))
        query = query.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Event(**row._mapping) for row in reversed(rows)]
