"""Backing a store up: all that it holds at one moment, while others go on working with it."""

from __future__ import annotations

from typing import IO

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc import __version__
from proxmox_mpc.store._database import Database
from proxmox_mpc.store.backup_file import Header, TableLine, Writing
from proxmox_mpc.store.migrations import HEAD
from proxmox_mpc.store.models import metadata

PASSING = frozenset({"idempotency_keys", "leases", "login_attempts", "logins", "pending_logins"})
"""What counts for the moment only, and would do harm later: a login that was ended would count again."""
_AT_ONCE = 500
_ID = slice(3, 11)
"""Where the key's id stands in a sealed text: behind the format's `v1:`."""


async def back_up(database: Database, out: IO[bytes]) -> dict[str, int]:
    """Write a backup; the number of rows by table. What is passing (logins, leases) is not in it."""
    tables = [table for table in metadata.sorted_tables if table.name not in PASSING]
    async with database.snapshot() as connection:
        needed = await used_keys(connection, tables)
        writing = Writing(out, Header(HEAD, database.now(), __version__, tuple(sorted(needed))))
        for table in tables:
            columns = tuple(column.name for column in table.columns)
            writing.table(TableLine(table.name, columns, await _last_number(database, connection, table)))
            query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
            async for row in await connection.stream(query):
                writing.row(table.name, tuple(row))
        writing.end()
    return writing.rows


async def used_keys(connection: AsyncConnection, tables: list[Table]) -> dict[str, int]:
    """The ids of the keys that opening every secret needs, with how many secrets each of them opens."""
    found: dict[str, int] = {}
    for table in tables:
        for column in table.columns:
            if column.name.startswith("sealed_"):
                id = func.substr(column, _ID.start + 1, _ID.stop - _ID.start)
                query = select(id, func.count()).where(column != "").group_by(id)
                for name, count in await connection.execute(query):
                    found[name] = found.get(name, 0) + count
    return found


async def _last_number(database: Database, connection: AsyncConnection, table: Table) -> int:
    """The highest number that a table ever gave, also to rows that are gone; 0 where that does not matter."""
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return 0
    if database.is_sqlite:
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
    else:
        name = (await connection.execute(select(func.pg_get_serial_sequence(table.name, "id")))).scalar_one()
        query = text(f"SELECT last_value FROM {name} WHERE is_called")  # noqa: S608  the database's own name for it
    return int((await connection.execute(query)).scalar_one_or_none() or 0)
