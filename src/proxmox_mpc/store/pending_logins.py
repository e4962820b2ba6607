"""Logins that go on in a browser, until it comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import delete, insert

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import pending_logins
from proxmox_mpc.store.people_records import PendingLogin
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class PendingLogins:
    """Pending logins by their state; what has to be known of them is encrypted."""

    database: Database
    key: SecretKey

    async def begin(self, pending: PendingLogin) -> None:
        """Keep one; those that nobody came back with are forgotten."""
        values = {
            "state": pending.state,
            "provider": pending.provider,
            "sealed_content": self.key.seal(json.dumps(dict(pending.content))),
            "expires_at": pending.expires_at,
        }
        over = pending_logins.c.expires_at <= self.database.now()
        async with self.database.write() as connection:
            await connection.execute(delete(pending_logins).where(over))
            await connection.execute(insert(pending_logins).values(values))

    async def take(self, state: str) -> PendingLogin | None:
        """The one of a state, which is gone with that: each comes back once. None for any other."""
        this = delete(pending_logins).where(pending_logins.c.state == state).returning(pending_logins)
        async with self.database.write() as connection:
            row = (await connection.execute(this)).one_or_none()
        if row is None or row.expires_at <= self.database.now():
            return None
        return PendingLogin(row.state, row.provider, json.loads(self.key.unseal(row.sealed_content)), row.expires_at)
