"""Secrets that people set for manifests to name, and those that a cluster tells once: the tokens' own."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import kept_secrets
from proxmox_mpc.store.runs import Also
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class KeptSecret:
    """That there is a secret: of an object, or, without a kind, of its own."""

    kind: str
    namespace: str
    name: str
    at: datetime


@dataclass(frozen=True)
class KeptSecrets:
    """Secrets by the object that they are of, encrypted."""

    database: Database
    key: SecretKey

    def keeping(self, context: str, kind: str, namespace: str, name: str, secret: str) -> Also:
        """What keeps a secret within the transaction of whoever says that it was told."""
        named = {"context": context, "kind": kind, "namespace": namespace, "name": name}
        values = {"sealed_secret": self.key.seal(secret), "at": self.database.now()}
        statement = self.database.insert(kept_secrets).values({**named, **values})

        async def keep(connection: AsyncConnection) -> None:
            await connection.execute(statement.on_conflict_do_update(index_elements=list(named), set_=values))

        return keep

    async def put(self, context: str, kind: str, namespace: str, name: str, secret: str) -> None:
        """Keep a secret; what was there by that name is gone."""
        keep = self.keeping(context, kind, namespace, name, secret)
        async with self.database.write() as connection:
            await keep(connection)

    async def list(self, context: str) -> builtins.list[KeptSecret]:
        """What there is, without the secrets themselves; by kind and name."""
        columns = (kept_secrets.c.kind, kept_secrets.c.namespace, kept_secrets.c.name, kept_secrets.c.at)
        query = select(*columns).where(kept_secrets.c.context == context).order_by(*columns[:3])
        async with self.database.read() as connection:
            return [KeptSecret(**row._mapping) for row in await connection.execute(query)]

    async def get(self, context: str, kind: str, namespace: str, name: str) -> str | None:
        """The secret, or None where this store was not told it. Raises SecretUnreadable for a lost key."""
        async with self.database.read() as connection:
            query = select(kept_secrets.c.sealed_secret).where(_this(context, kind, namespace, name))
            sealed = (await connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else self.key.unseal(sealed)

    async def delete(self, context: str, kind: str, namespace: str, name: str) -> None:
        """Forget a secret. Forgetting twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(kept_secrets).where(_this(context, kind, namespace, name)))


def _this(context: str, kind: str, namespace: str, name: str) -> ColumnElement[Any]:
    return (
        (kept_secrets.c.context == context)
        & (kept_secrets.c.kind == kind)
        & (kept_secrets.c.namespace == namespace)
        & (kept_secrets.c.name == name)
    )
