"""Contexts: the clusters that this store knows, and which of them is the current one."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import RecordMissing, SecretUnreadable
from proxmox_mpc.store.models import choices, contexts, kept_secrets
from proxmox_mpc.store.records import Context
from proxmox_mpc.store.secrets import SecretKey

_CURRENT = "current-context"


@dataclass(frozen=True)
class Contexts:
    """Contexts by name; their passwords and token secrets are encrypted."""

    database: Database
    key: SecretKey

    async def save(self, context: Context) -> None:
        """Make a context, or put this one in the place of the one of that name."""
        values = {
            "name": context.name,
            "endpoints": list(context.endpoints),
            "user": context.user,
            "sealed_password": self._seal(context.password),
            "token_id": context.token_id,
            "sealed_token_secret": self._seal(context.token_secret),
            "ca": context.ca,
            "fingerprint": context.fingerprint,
            "insecure": context.insecure,
        }
        statement = self.database.insert(contexts).values(values)
        async with self.database.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    async def get(self, name: str) -> Context:
        """A context with its secrets. Raises RecordMissing, or SecretUnreadable for a lost key."""
        return self._context(await self._row(name))

    async def find(self, name: str) -> Context:
        """The same, to be mended or taken away: one whose secrets cannot be read has none. Raises RecordMissing."""
        return self._shown(await self._row(name))

    async def _row(self, name: str) -> Row[Any]:
        async with self.database.read() as connection:
            row = (await connection.execute(select(contexts).where(contexts.c.name == name))).one_or_none()
        if row is None:
            raise RecordMissing(f"there is no context {name!r}", hint="proxmox-cli config get-contexts lists them")
        return row

    async def list(self) -> builtins.list[Context]:
        """All contexts with their secrets, by name; one whose secrets cannot be read here says why."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(contexts).order_by(contexts.c.name))).all()
        return [self._shown(row) for row in rows]

    async def delete(self, name: str) -> None:
        """Forget a context and its secrets; what is remembered of its cluster stays. Forgetting twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(contexts).where(contexts.c.name == name))
            await connection.execute(delete(kept_secrets).where(kept_secrets.c.context == name))
            await connection.execute(delete(choices).where(choices.c.name == _CURRENT, choices.c.value == name))

    async def use(self, name: str) -> None:
        """Make a context the current one; it may be one that the store does not hold."""
        statement = self.database.insert(choices).values(name=_CURRENT, value=name)
        async with self.database.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": name}))

    async def current(self) -> str | None:
        """The name of the current context, if one was chosen."""
        async with self.database.read() as connection:
            found = await connection.execute(select(choices.c.value).where(choices.c.name == _CURRENT))
            return found.scalar_one_or_none()

    def _seal(self, secret: str | None) -> str | None:
        return None if secret is None else self.key.seal(secret)

    def _unseal(self, sealed: str | None) -> str | None:
        return None if sealed is None else self.key.unseal(sealed)

    def _shown(self, row: Row[Any]) -> Context:
        try:
            return self._context(row)
        except SecretUnreadable as error:
            return _told(row, unreadable=error)

    def _context(self, row: Row[Any]) -> Context:
        password, token_secret = self._unseal(row.sealed_password), self._unseal(row.sealed_token_secret)
        return _told(row, password=password, token_secret=token_secret)


def _told(row: Row[Any], **secrets: Any) -> Context:
    return Context(
        name=row.name,
        endpoints=tuple(row.endpoints),
        user=row.user,
        token_id=row.token_id,
        ca=row.ca,
        fingerprint=row.fingerprint,
        insecure=row.insecure,
        **secrets,
    )
