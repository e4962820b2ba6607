"""Leases: of several processes that could do something, the one that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import leases


@dataclass(frozen=True)
class Leases:
    """Leases by name; each has one holder until it ends."""

    database: Database

    async def take(self, name: str, holder: str, ttl_s: float) -> bool:
        """Hold a lease for a while, or longer; False where another one holds it."""
        now = self.database.now()
        values = {"holder": holder, "until": now + timedelta(seconds=ttl_s)}
        # One statement decides, so the database itself is the referee between processes.
        statement = (
            self.database.insert(leases)
            .values(name=name, **values)
            .on_conflict_do_update(
                index_elements=["name"], set_=values, where=or_(leases.c.until <= now, leases.c.holder == holder)
            )
            .returning(leases.c.name)
        )
        async with self.database.write() as connection:
            return (await connection.execute(statement)).one_or_none() is not None

    async def give_up(self, name: str, holder: str) -> None:
        """Let others have it at once."""
        async with self.database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    async def holder(self, name: str) -> str:
        """Who holds it now; empty where nobody does."""
        query = select(leases.c.holder).where(leases.c.name == name, leases.c.until > self.database.now())
        async with self.database.read() as connection:
            return str((await connection.execute(query)).scalar_one_or_none() or "")
