"""What was told in rooms, to be read back from any number on: the event bus's memory."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.job_records import Message, NewMessage
from proxmox_mpc.store.models import messages

_TURN = "messages"
PAGE = 500
"""Messages that are read at once: enough for any burst, small enough for every memory."""


@dataclass(frozen=True)
class Messages:
    """Messages by number. A reader that goes on after the last number it saw misses nothing."""

    database: Database

    async def append(self, fresh: Sequence[NewMessage]) -> None:
        """Tell several things, in this order."""
        if fresh:
            async with self.database.write() as connection:
                await tell(self.database, connection, fresh)

    async def read(
        self, after: int = 0, *, rooms: Collection[str] = (), type: str = "", limit: int = PAGE
    ) -> builtins.list[Message]:
        """The next messages after a number, the oldest first; of all rooms, or of these."""
        query = select(messages).where(messages.c.id > after).order_by(messages.c.id).limit(limit)
        if rooms:
            query = query.where(messages.c.room.in_(rooms))
        if type:
            query = query.where(messages.c.type == type)
        async with self.database.read() as connection:
            return [Message(**row._mapping) for row in (await connection.execute(query)).all()]

    async def last_id(self) -> int:
        """The number of the newest message; 0 where there is none."""
        return (await self.kept())[1]

    async def kept(self) -> tuple[int, int]:
        """The numbers of the oldest message that is kept, and of the newest; 0 where there is none."""
        query = select(func.coalesce(func.min(messages.c.id), 0), func.coalesce(func.max(messages.c.id), 0))
        async with self.database.read() as connection:
            first, last = (await connection.execute(query)).one()
        return int(first), int(last)


async def tell(database: Database, connection: AsyncConnection, fresh: Sequence[NewMessage]) -> None:
    """Append within a transaction: what it changes, and that it did, are seen together or not at all.

    One transaction at a time appends, from here to its end: else a reader could see a higher number before a lower one,
    and miss that. So this is the last thing that a transaction does.
    """
    await database.alone(connection, _TURN)
    now = database.now()
    await connection.execute(messages.insert(), [{**message.__dict__, "at": now} for message in fresh])
