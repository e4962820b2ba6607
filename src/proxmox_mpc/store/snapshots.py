"""State snapshots: how guests, nodes and storages were, one for each change that was seen."""

from __future__ import annotations

import builtins
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import snapshots
from proxmox_mpc.store.records import Change, ResourceType, Snapshot

_COLUMNS = [column for column in snapshots.c if column.name != "id"]
State = dict[str, Any]


@dataclass(frozen=True)
class Snapshots:
    """The history of each guest's, node's and storage's state."""

    database: Database

    async def record(
        self, context: str, resource_type: ResourceType, states: Mapping[str, State], *, complete: bool = False
    ) -> builtins.list[Snapshot]:
        """Keep these states (id → state) where they differ from the last ones; the snapshots that were made.

        `complete` says that there are no others of this type: those that were known and are missing now were
        deleted. A first sight is `discovered`, a return after a deletion `created`.
        """
        now = self.database.now()
        async with self.database.write() as connection:
            last = await self._last(connection, context, resource_type)
            fresh = [
                Snapshot(context, resource_type, id, now, _change(last.get(id)), state, checksum)
                for id, state in states.items()
                if (checksum := checksum_of(state)) != last.get(id, ("", ""))[1]
            ]
            if complete:
                fresh += [
                    Snapshot(context, resource_type, id, now, "deleted", None, checksum_of(None))
                    for id, (change, _) in last.items()
                    if id not in states and change != "deleted"
                ]
            if fresh:
                await connection.execute(snapshots.insert(), [snapshot.__dict__ for snapshot in fresh])
        return fresh

    async def history(
        self, context: str, resource_type: ResourceType, resource_id: str, *, limit: int = 100
    ) -> builtins.list[Snapshot]:
        """The newest `limit` snapshots of a resource, the oldest of them first."""
        query = (
            select(*_COLUMNS)
            .where(
                snapshots.c.context == context,
                snapshots.c.resource_type == resource_type,
                snapshots.c.resource_id == resource_id,
            )
            .order_by(snapshots.c.id.desc())
            .limit(limit)
        )
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Snapshot(**row._mapping) for row in reversed(rows)]

    async def _last(
        self, connection: AsyncConnection, context: str, resource_type: ResourceType
    ) -> dict[str, tuple[Change, str]]:
        """The last change and checksum of every resource of a type."""
        newest = (
            select(func.max(snapshots.c.id))
            .where(snapshots.c.context == context, snapshots.c.resource_type == resource_type)
            .group_by(snapshots.c.resource_id)
        )
        query = select(snapshots.c.resource_id, snapshots.c.change, snapshots.c.checksum)
        rows = (await connection.execute(query.where(snapshots.c.id.in_(newest)))).all()
        return {row.resource_id: (row.change, row.checksum) for row in rows}


def checksum_of(state: State | None) -> str:
    """SHA-256 of a state's canonical JSON: keys sorted, no spaces."""
    canonical = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _change(last: tuple[Change, str] | None) -> Change:
    if last is None:
        return "discovered"
    return "created" if last[0] == "deleted" else "updated"
