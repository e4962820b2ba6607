"""Reserved VMIDs, so that two who create guests at the same time never take the same one."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import reservations
from proxmox_mpc.store.records import Reservation


@dataclass(frozen=True)
class Reservations:
    """VMIDs that are held by somebody."""

    database: Database

    async def reserve(self, context: str, vmid: int, owner: str, ttl_s: float) -> bool:
        """Hold a VMID for `ttl_s` seconds; False where another owner holds it. One's own is held longer."""
        now = self.database.now()
        values = {"owner": owner, "expires_at": now + timedelta(seconds=ttl_s)}
        # One statement decides, so the database itself is the referee between processes.
        statement = (
            self.database.insert(reservations)
            .values(context=context, vmid=vmid, **values)
            .on_conflict_do_update(
                index_elements=["context", "vmid"],
                set_=values,
                where=or_(reservations.c.expires_at <= now, reservations.c.owner == owner),
            )
            .returning(reservations.c.vmid)
        )
        async with self.database.write() as connection:
            return (await connection.execute(statement)).one_or_none() is not None

    async def release(self, context: str, vmid: int, owner: str | None = None) -> None:
        """Give a VMID back, if that owner (or whoever) holds it."""
        this = (reservations.c.context == context) & (reservations.c.vmid == vmid)
        if owner is not None:
            this &= reservations.c.owner == owner
        async with self.database.write() as connection:
            await connection.execute(delete(reservations).where(this))

    async def list(self, context: str) -> builtins.list[Reservation]:
        """The VMIDs that are held now, by number."""
        query = (
            select(reservations)
            .where(reservations.c.context == context, reservations.c.expires_at > self.database.now())
            .order_by(reservations.c.vmid)
        )
        async with self.database.read() as connection:
            return [Reservation(**row._mapping) for row in (await connection.execute(query)).all()]
