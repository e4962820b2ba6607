"""Repositories that charts come from, by the names that users gave them."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import chart_repositories
from proxmox_mpc.store.records import ChartRepository
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class ChartRepositories:
    """Repositories by name; their passwords are encrypted."""

    database: Database
    key: SecretKey

    async def put(self, repository: ChartRepository) -> None:
        """Keep a repository; what was there by that name is replaced."""
        values = {
            "url": repository.url,
            "username": repository.username,
            "sealed_password": self.key.seal(repository.password) if repository.password else "",
            "index": repository.index,
            "fetched_at": repository.fetched_at,
        }
        statement = self.database.insert(chart_repositories).values(name=repository.name, **values)
        async with self.database.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    async def list(self) -> builtins.list[ChartRepository]:
        """All repositories by name."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(chart_repositories).order_by(chart_repositories.c.name))).all()
        return [self._repository(row) for row in rows]

    async def get(self, name: str) -> ChartRepository | None:
        """A repository, or None."""
        query = select(chart_repositories).where(chart_repositories.c.name == name)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._repository(row)

    async def delete(self, name: str) -> None:
        """Forget a repository. Forgetting twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(chart_repositories).where(chart_repositories.c.name == name))

    def _repository(self, row: Row[Any]) -> ChartRepository:
        password = self.key.unseal(row.sealed_password) if row.sealed_password else ""
        return ChartRepository(row.name, row.url, row.username, password, row._mapping["index"], row.fetched_at)
