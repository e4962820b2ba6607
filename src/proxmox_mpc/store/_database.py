"""The engine and its transactions: readers never wait, writers take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, event, func, make_url, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

# A writer of another process holds the file for milliseconds; a first migration, or a slow disk, for seconds.
_BUSY_S = 30

# Executed on every SQLite connection. FULL because the journal must survive a power cut: a request is sent
# only after its entry is on the disk.
_PRAGMAS = (f"busy_timeout={_BUSY_S * 1000}", "synchronous=FULL", "foreign_keys=ON")


class Database:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, url: str, now: Callable[[], datetime]) -> None:
        self.url = make_url(url)
        self.now = now
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engine: AsyncEngine = create_async_engine(self.url, pool_pre_ping=not self.is_sqlite)
        # SQLite has one writer at a time: queueing here is fair, queueing in SQLite is polling.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare)
            event.listen(self._engine.sync_engine, "begin", _begin)
        self._writing = self._engine.execution_options(store_writes=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for several queries."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is durable when it is left without an error, and never was otherwise."""
        async with self._turn, self._writing.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask for anything. Raises what the driver raises where nobody answers."""
        async with self.read() as connection:
            await connection.execute(select(1))

    async def alone(self, connection: AsyncConnection, name: str) -> None:
        """Wait until no other writing transaction that asked for the same name is open; until this one ends."""
        if not self.is_sqlite:  # SQLite has one writer at a time anyway
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that knows `on_conflict_do_update` in the database's own words."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # costs start-up time that SQLite need not pay

        return postgresql.insert(table)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _prepare(connection: Any, record: Any) -> None:
    """Make a SQLite connection ours: explicit transactions, a write-ahead log, patience."""
    connection.isolation_level = None  # else Python's driver begins transactions where it likes
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA journal_mode")
    if cursor.fetchone()[0].lower() != "wal":
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could be refused halfway."""
    writes = connection.get_execution_options().get("store_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
