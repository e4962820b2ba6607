"""What applications own, and what was last applied to it."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import resources
from proxmox_mpc.store.records import OwnedResource


@dataclass(frozen=True)
class Resources:
    """Owned resources, one per context, kind, namespace and name."""

    database: Database

    async def put(self, resource: OwnedResource) -> None:
        """Remember a resource, in the place of what was remembered of it."""
        await self.put_all([resource])

    async def put_all(self, several: Iterable[OwnedResource]) -> None:
        """Remember resources, all of them or none."""
        async with self.database.write() as connection:
            for values in map(asdict, several):
                statement = self.database.insert(resources).values(values)
                keys = ["context", "kind", "namespace", "name"]
                await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    async def claim(self, resource: OwnedResource) -> bool:
        """Remember a resource unless another application owns it; False where one does."""
        values = asdict(resource)
        statement = (
            self.database.insert(resources)
            .values(values)
            .on_conflict_do_update(
                index_elements=["context", "kind", "namespace", "name"],
                set_=values,
                where=resources.c.application == resource.application,
            )
            .returning(resources.c.name)
        )
        async with self.database.write() as connection:
            return (await connection.execute(statement)).one_or_none() is not None

    async def get(self, context: str, kind: str, namespace: str, name: str) -> OwnedResource | None:
        """A resource, or None where nobody here owns it."""
        async with self.database.read() as connection:
            query = select(resources).where(_this(context, kind, namespace, name))
            row = (await connection.execute(query)).one_or_none()
        return OwnedResource(**row._mapping) if row else None

    async def list(self, context: str, application: str | None = None) -> builtins.list[OwnedResource]:
        """All owned resources of a context, or of one application, by kind, namespace and name."""
        query = select(resources).where(resources.c.context == context)
        if application is not None:
            query = query.where(resources.c.application == application)
        order = (resources.c.kind, resources.c.namespace, resources.c.name)
        async with self.database.read() as connection:
            rows = (await connection.execute(query.order_by(*order))).all()
        return [OwnedResource(**row._mapping) for row in rows]

    async def delete(self, context: str, kind: str, namespace: str, name: str) -> None:
        """Forget a resource. Forgetting twice is no error."""
        async with self.database.write() as connection:
            await connection.execute(delete(resources).where(_this(context, kind, namespace, name)))


def _this(context: str, kind: str, namespace: str, name: str) -> ColumnElement[Any]:
    return (
        (resources.c.context == context)
        & (resources.c.kind == kind)
        & (resources.c.namespace == namespace)
        & (resources.c.name == name)
    )
