"""Plans that were shown and may be applied exactly, until they expire."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select

from proxmox_mpc.store._database import Database
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

    async def find(self, start: str) -> SavedPlan | None:
        """The one plan whose hash begins so; None where there is none, or several."""
        query = select(plans).where(
            plans.c.hash.startswith(start, autoescape=True), plans.c.expires_at > self.database.now()
        )
        async with self.database.read() as connection:
            rows = (await connection.execute(query.limit(2))).all()
        return SavedPlan(**rows[0]._mapping) if len(rows) == 1 else None
