"""Plans that were shown and may be applied exactly, until they expire."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.models import plans
from proxmox_mpc.store.records import SavedPlan


@dataclass(frozen=True)
class Plans:
    """Saved plans by hash."""

    database: Database

    async def save(self, plan: SavedPlan) -> None:
        """Keep a plan; expired ones are swept out on the way."""
        values = asdict(plan)
        async with self.database.write() as connection:
            await connection.execute(delete(plans).where(plans.c.expires_at <= self.database.now()))
            statement = self.database.insert(plans).values(values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["hash"], set_=values))

    async def get(self, hash: str) -> SavedPlan:
        """The plan of a hash. Raises RecordMissing, also when it expired."""
        query = select(plans).where(plans.c.hash == hash, plans.c.expires_at > self.database.now())
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise RecordMissing(f"there is no plan {hash[:12]}, or it expired", hint="Plan again and apply that.")
        return SavedPlan(**row._mapping)

    async def delete(self, hash: str) -> None:
        """Forget a plan. Forgetting twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(plans).where(plans.c.hash == hash))
