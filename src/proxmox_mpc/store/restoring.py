"""Restoring a store: all of a backup or nothing, on either database."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, MetaData, Table, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.errors import problem_of
from proxmox_mpc.store._database import Database
from proxmox_mpc.store._migrating import upgrade
from proxmox_mpc.store.backing_up import PASSING, back_up
from proxmox_mpc.store.backup_file import Reading, RowLine, TableLine, read_value
from proxmox_mpc.store.errors import BackupInvalid, KeysMissing, OpenWhenBackedUp, StoreInUse, StoreNotEmpty
from proxmox_mpc.store.job_records import ENDED
from proxmox_mpc.store.migrations import HEAD
from proxmox_mpc.store.models import jobs, leases, metadata

_ROWS, _BYTES = 500, 8 << 20
"""What is inserted at once at the most."""


async def restore(database: Database, file: IO[bytes], *, key_ids: Collection[str], replace: bool) -> dict[str, int]:
    """Put a backup into an empty store, or in the place of what is there; the number of rows by table.

    Jobs that were open are cancelled, and everybody logs in again. Raises BackupInvalid, KeysMissing, StoreNotEmpty,
    StoreInUse, StoreTooNew.
    """
    reading = Reading(file)
    if missing := sorted(set(reading.header.keys) - set(key_ids)):
        raise KeysMissing(
            f"the backup's secrets were encrypted with keys that are not here: {', '.join(missing)}",
            hint="Add them to PROXMOX_SECRET_KEY after commas, or to the key file as further lines.",
        )
    if reading.header.schema != HEAD:
        with tempfile.TemporaryDirectory() as folder:
            newer = Path(folder) / "newer"
            await _upgraded(reading, Path(folder) / "store.db", newer, database.now)
            with newer.open("rb") as again:
                return await _put(database, Reading(again), replace)
    return await _put(database, reading, replace)


async def _put(database: Database, reading: Reading, replace: bool) -> dict[str, int]:
    known = {name: table for name, table in metadata.tables.items() if name not in PASSING}
    async with database.write() as connection:
        await database.alone(connection, "restoring")
        await _refuse_company(database, connection)
        if replace:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(delete(table))
        elif full := [
            name for name, table in known.items() if (await connection.execute(select(table).limit(1))).all()
        ]:
            raise StoreNotEmpty(f"the store is not empty: it has {', '.join(sorted(full)[:5])}; nothing was changed")
        rows, last_numbers = await _insert(connection, reading, known)
        for name, last in last_numbers.items():
            await _go_on_after(database, connection, known[name], last)
        await _cancel_open(database, connection)
    return rows


async def _refuse_company(database: Database, connection: AsyncConnection) -> None:
    alive = select(leases.c.holder).where(leases.c.until > database.now()).limit(1)
    if holder := (await connection.execute(alive)).scalar_one_or_none():
        raise StoreInUse(f"{holder} is at work on this store; nothing was changed")


async def _insert(
    connection: AsyncConnection, reading: Reading, tables: Mapping[str, Table]
) -> tuple[dict[str, int], dict[str, int]]:
    """Insert all rows; how many of each table, and the highest number that each ever gave."""
    rows: dict[str, int] = {}
    last_numbers: dict[str, int] = {}
    table: Table | None = None
    columns: tuple[str, ...] = ()
    waiting: list[dict[str, Any]] = []
    length = 0

    async def flush() -> None:
        nonlocal waiting, length
        if waiting and table is not None:
            try:
                await connection.execute(table.insert(), waiting)
            except (DBAPIError, StatementError) as error:
                reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
                raise BackupInvalid(f"rows of {table.name} until line {reading.number} do not fit: {reason}") from None
            rows[table.name] += len(waiting)
        waiting, length = [], 0

    for line in reading.lines():
        match line:
            case TableLine():
                await flush()
                table, columns = tables.get(line.name), line.columns
                if table is None or set(columns) != set(table.columns.keys()) or len(columns) != len(table.columns):
                    raise reading.wrong("names a table that this schema does not have so")
                rows[table.name], last_numbers[table.name] = 0, line.last_number
            case RowLine() if table is not None:
                waiting.append(_row(reading, table, columns, line))
                length += line.length
                if len(waiting) >= _ROWS or length >= _BYTES:
                    await flush()
    await flush()
    return rows, last_numbers


def _row(reading: Reading, table: Table, columns: tuple[str, ...], line: RowLine) -> dict[str, Any]:
    if len(line.values) != len(columns):
        raise reading.wrong(f"has {len(line.values)} values for {len(columns)} columns of {table.name}")
    row: dict[str, Any] = {}
    for name, value in zip(columns, line.values, strict=True):
        try:
            row[name] = read_value(table.columns[name], value)
        except ValueError as error:
            raise reading.wrong(f"has a {table.name}.{name} that is not {error}") from None
    return row


async def _go_on_after(database: Database, connection: AsyncConnection, table: Table, last: int) -> None:
    """Let new rows get numbers behind all that were ever given, here or where the backup was made."""
    column = table.autoincrement_column
    if column is None:
        return
    if not database.is_sqlite:
        name = (await connection.execute(select(func.pg_get_serial_sequence(table.name, column.name)))).scalar_one()
        if name is not None:
            here = text(f"SELECT last_value FROM {name} WHERE is_called")  # noqa: S608  the database's own name for it
            given = (await connection.execute(here)).scalar_one_or_none() or 0
            highest = (await connection.execute(select(func.max(column)))).scalar_one() or 0
            if number := max(last, given, highest):
                await connection.execute(select(func.setval(name, number)))
    elif table.dialect_options["sqlite"]["autoincrement"] and last:
        await connection.execute(
            text(
                "INSERT INTO sqlite_sequence (name, seq) SELECT :name, 0 WHERE NOT EXISTS "
                "(SELECT 1 FROM sqlite_sequence WHERE name = :name)"
            ).bindparams(name=table.name)
        )
        higher = text("UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = :name")
        await connection.execute(higher.bindparams(name=table.name, last=last))


async def _cancel_open(database: Database, connection: AsyncConnection) -> None:
    """End jobs that had not ended: they may have been done since, and doing them once more could do harm."""
    ended = {"state": "cancelled", "ended_at": database.now(), "error": problem_of(OpenWhenBackedUp())}
    await connection.execute(
        update(jobs).where(jobs.c.state.not_in(ENDED)).values(**ended, worker="", lease_until=None)
    )


async def _upgraded(reading: Reading, scratch: Path, out: Path, now: Callable[[], datetime]) -> None:
    """Write a backup of today's schema from one of an older: through a store of that time, brought up to date."""
    database = Database(f"sqlite+aiosqlite:///{scratch}", now)
    try:
        async with database.write() as connection:
            await connection.run_sync(upgrade, reading.header.schema)
            tables = (await connection.run_sync(_reflected)).tables
            await _insert(
                connection, reading, {name: table for name, table in tables.items() if name != "alembic_version"}
            )
            await connection.run_sync(upgrade)
        with out.open("wb") as file:
            await back_up(database, file)
    finally:
        await database.close()


def _reflected(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found
