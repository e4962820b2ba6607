"""Baselines: values that differ from what was applied, and that somebody accepted."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import baselines
from proxmox_mpc.store.records import Baseline

_KEY = ("context", "kind", "namespace", "name", "path")


@dataclass(frozen=True)
class Baselines:
    """Accepted values by object and field."""

    database: Database

    async def put(self, accepted: Sequence[Baseline]) -> None:
        """Accept these, in the place of what was accepted of the same fields; all of them, or none."""
        async with self.database.write() as connection:
            for one in accepted:
                values = asdict(one)
                statement = self.database.insert(baselines).values(values)
                await connection.execute(statement.on_conflict_do_update(index_elements=list(_KEY), set_=values))

    async def list(self, context: str) -> builtins.list[Baseline]:
        """All that was accepted and has not expired, by object and field."""
        now = self.database.now()
        holds = baselines.c.expires_at.is_(None) | (baselines.c.expires_at > now)
        query = select(baselines).where(baselines.c.context == context, holds)
        async with self.database.read() as connection:
            rows = await connection.execute(query.order_by(*(baselines.c[name] for name in _KEY)))
            return [Baseline(**row._mapping) for row in rows]

    async def delete(self, ended: Sequence[Baseline]) -> None:
        """End these, and sweep out what has expired. Ending twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(baselines).where(baselines.c.expires_at <= self.database.now()))
            for one in ended:
                this = [baselines.c[name] == getattr(one, name) for name in _KEY]
                await connection.execute(delete(baselines).where(*this))
