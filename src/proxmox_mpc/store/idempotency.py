"""Answers by the key that a client gave its request: the same again gets the same answer, and is not done twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from proxmox_mpc.errors import InvalidInput, RefusedError
from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import idempotency_keys as table
from proxmox_mpc.store.secrets import SecretKey

ABANDONED = timedelta(minutes=10)
"""After this time a request without an answer counts as lost with its server; none takes so long that is no job."""


class AnswerLost(RefusedError):
    """The first request with this Idempotency-Key was lost with its server; it may have been done."""

    code = "idempotency.lost"
    default_hint = "look whether it was done (proxmox-cli job list), then use a new key"


class KeyReused(InvalidInput):
    """This Idempotency-Key was used for another request."""

    code = "idempotency.reused"
    default_hint = "use a new key for a new request"


class KeyInUse(RefusedError):
    """The first request with this Idempotency-Key is still at work."""

    code = "idempotency.in-use"
    default_hint = "try again in a moment"


@dataclass(frozen=True)
class KeptAnswer:
    """What was answered."""

    status: int
    body: str = field(repr=False)
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Idempotency:
    """Keys of each user."""

    database: Database
    key: SecretKey

    async def begin(self, user: str, key: str, request: str) -> KeptAnswer | None:
        """The answer that was given before; None where this request is the first, and has to be ended with one.

        `request` is a fingerprint of what is asked. Raises KeyReused for another one, KeyInUse, AnswerLost.
        """
        now, mine = self.database.now(), (table.c.user_id == user) & (table.c.key == key)
        fresh = {"user_id": user, "key": key, "request": request, "headers": {}, "created_at": now}
        async with self.database.write() as connection:
            statement = self.database.insert(table).values(fresh).on_conflict_do_nothing().returning(table.c.key)
            if (await connection.execute(statement)).one_or_none() is not None:
                return None
            row = (await connection.execute(select(table).where(mine).with_for_update())).one()
            if row.request != request:
                raise KeyReused()
            if row.status is not None:
                return KeptAnswer(row.status, self.key.unseal(row.sealed_answer), row.headers)
            raise KeyInUse() if now - row.created_at < ABANDONED else AnswerLost()

    async def end(self, user: str, key: str, answer: KeptAnswer) -> None:
        """Keep what was answered."""
        values = {"status": answer.status, "sealed_answer": self.key.seal(answer.body), "headers": dict(answer.headers)}
        async with self.database.write() as connection:
            await connection.execute(update(table).where(table.c.user_id == user, table.c.key == key).values(values))

    async def drop(self, user: str, key: str) -> None:
        """Forget a request that failed for a reason that may pass."""
        async with self.database.write() as connection:
            await connection.execute(delete(table).where(table.c.user_id == user, table.c.key == key))

    async def purge(self, before: datetime) -> int:
        """Forget older keys; how many that were."""
        async with self.database.write() as connection:
            return (await connection.execute(delete(table).where(table.c.created_at < before))).rowcount
