"""Plans that came to nothing: what was wished, what was read then, and that nothing was to do."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from sqlalchemy import select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import kept_secrets, quiet_plans, resources
from proxmox_mpc.store.records import QuietPlan


@dataclass(frozen=True)
class QuietPlans:
    """The last empty plan of each application."""

    database: Database

    async def get(self, context: str, application: str) -> QuietPlan | None:
        query = select(quiet_plans).where(quiet_plans.c.context == context, quiet_plans.c.application == application)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return QuietPlan(**row._mapping) if row is not None else None

    async def put(self, plan: QuietPlan) -> None:
        values = asdict(plan)
        statement = self.database.insert(quiet_plans).values(values)
        async with self.database.write() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["context", "application"], set_=values)
            )

    async def stamp(self, context: str) -> str:
        """Another text after anything was remembered or forgotten that a plan of this context goes by."""
        whole = hashlib.sha256()
        async with self.database.read() as connection:
            for table in (resources, kept_secrets):
                query = select(table).where(table.c.context == context).order_by(*table.primary_key)
                for row in await connection.execute(query):
                    whole.update(repr(tuple(row)).encode())
        return whole.hexdigest()
