"""Webhooks: who is told over HTTP what happens, how far each has been told, and whether it listens."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import RecordMissing, SecretUnreadable
from proxmox_mpc.store.models import messages, webhooks
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class Webhook:
    """A receiver: `last_id` is the last message that it took, `not_before` when it is tried again after failures."""

    name: str
    url: str
    secret: str = field(repr=False)
    rooms: tuple[str, ...]
    enabled: bool = True
    last_id: int = 0
    failures: int = 0
    not_before: datetime | None = None
    last_error: str = ""
    missed: int = 0
    """Messages that were forgotten before it took them, since it was made or changed."""


@dataclass(frozen=True)
class Webhooks:
    """Webhooks by name; their secrets are encrypted."""

    database: Database
    key: SecretKey

    async def put(self, hook: Webhook) -> None:
        """Keep a webhook; one of that name stays where it was in what it is told, and is tried at once."""
        kept = {
            "url": hook.url,
            "sealed_secret": self.key.seal(hook.secret),
            "rooms": list(hook.rooms),
            "enabled": hook.enabled,
            "missed": 0,
            "failures": 0,
            "not_before": None,
            "last_error": "",
        }
        statement = self.database.insert(webhooks).values(name=hook.name, last_id=hook.last_id, **kept)
        async with self.database.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=kept))

    async def list(self) -> builtins.list[Webhook]:
        """All of them by name; without its secret one that cannot be read here, whose last error says so."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(webhooks).order_by(webhooks.c.name))).all()
        return [self._shown(row) for row in rows]

    async def get(self, name: str) -> Webhook:
        """One of them. Raises RecordMissing."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(webhooks).where(webhooks.c.name == name))).one_or_none()
        if row is None:
            raise RecordMissing(f"there is no webhook {name!r}", hint="proxmox-cli webhook list shows them")
        return self._webhook(row)

    async def delete(self, name: str) -> None:
        """Forget a webhook. Raises RecordMissing."""
        async with self.database.write() as connection:
            if not (await connection.execute(delete(webhooks).where(webhooks.c.name == name))).rowcount:
                raise RecordMissing(f"there is no webhook {name!r}", hint="proxmox-cli webhook list shows them")

    async def delivered(self, hook: Webhook, last_id: int) -> bool:
        """Note that it took everything up to a message; False where it is not what it was, or others were faster."""
        values = {"last_id": last_id, "failures": 0, "not_before": None, "last_error": ""}
        return await self._set(hook, webhooks.c.last_id < last_id, **values)

    async def failed(self, hook: Webhook, error: str, not_before: datetime) -> None:
        """Note that it did not take a message, and when it is tried again."""
        await self._set(hook, failures=hook.failures + 1, not_before=not_before, last_error=error)

    async def pass_over(self, before: datetime) -> dict[str, int]:
        """Go on behind the messages that are about to be forgotten; how many of them each has not taken, by name."""
        missed = {}
        newest = select(func.max(messages.c.id)).scalar_subquery()  # is never forgotten
        async with self.database.write() as connection:
            for hook in (await connection.execute(select(webhooks).with_for_update())).all():
                old = (messages.c.at < before) & (messages.c.id > hook.last_id) & (messages.c.id < newest)
                query = select(func.count(), func.max(messages.c.id)).where(old, messages.c.room.in_(hook.rooms))
                number, last_id = (await connection.execute(query)).one()
                if number:
                    missed[hook.name] = int(number)
                    values = {"missed": hook.missed + number, "last_id": last_id}
                    await connection.execute(update(webhooks).where(webhooks.c.name == hook.name).values(values))
        return missed

    async def _set(self, hook: Webhook, *conditions: Any, **values: Any) -> bool:
        same = (webhooks.c.name == hook.name) & (webhooks.c.url == hook.url) & webhooks.c.enabled
        async with self.database.write() as connection:
            statement = update(webhooks).where(same, *conditions).values(values).returning(webhooks.c.name)
            return (await connection.execute(statement)).one_or_none() is not None

    def _shown(self, row: Row[Any]) -> Webhook:
        try:
            return self._webhook(row)
        except SecretUnreadable as error:
            return self._told(row, "", error.message)

    def _webhook(self, row: Row[Any]) -> Webhook:
        return self._told(row, self.key.unseal(row.sealed_secret), row.last_error)

    def _told(self, row: Row[Any], secret: str, last_error: str) -> Webhook:
        names = ("name", "url", "enabled", "last_id", "missed", "failures", "not_before")
        facts = {name: getattr(row, name) for name in names}
        rooms: Sequence[str] = row.rooms
        return Webhook(**facts, rooms=tuple(rooms), secret=secret, last_error=last_error)
