"""How a store is: which version, how big, which keys its secrets need; and giving back space that nothing uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, inspect, select, text

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._migrating import version
from proxmox_mpc.store.backing_up import used_keys
from proxmox_mpc.store.migrations import HEAD
from proxmox_mpc.store.models import metadata


@dataclass(frozen=True)
class Condition:
    """A store's condition; `schema` is empty for one that was not made yet, `keys` counts secrets by the key's id."""

    kind: str
    place: str
    schema: str
    newest: str = HEAD
    size_bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)


async def condition(database: Database) -> Condition:
    """Look at a store as it is, without changing anything."""
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    place = database.url.set(drivername=kind.lower(), query={}).render_as_string(hide_password=True)
    schema = await version(database) or ""
    async with database.snapshot() as connection:
        size = text(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if database.is_sqlite
            else "SELECT pg_database_size(current_database())"
        )
        size_bytes = int((await connection.execute(size)).scalar_one())
        if schema != HEAD:
            return Condition(kind, place, schema, size_bytes=size_bytes)
        there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        tables = [table for table in metadata.sorted_tables if table.name in there]
        rows = {
            t.name: int((await connection.execute(select(func.count()).select_from(t))).scalar_one()) for t in tables
        }
        return Condition(kind, place, schema, HEAD, size_bytes, rows, await used_keys(connection, tables))


async def compact(database: Database) -> None:
    """Give space that nothing uses back to the disk; on SQLite writers wait for it."""
    async with database.outside() as connection:
        await connection.execute(text("VACUUM" if database.is_sqlite else "VACUUM (ANALYZE)"))
