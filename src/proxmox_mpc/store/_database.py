"""The engine and its transactions: readers never wait, writers take turns."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Table, event, func, make_url, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from proxmox_mpc.settings import DatabaseSettings

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

# A writer of another process holds the file for milliseconds; a first migration, or a slow disk, for seconds.
_BUSY_S = 30

# Executed on every SQLite connection. FULL because the journal must survive a power cut: a request is sent
# only after its entry is on the disk.
_PRAGMAS = (f"busy_timeout={_BUSY_S * 1000}", "synchronous=FULL", "foreign_keys=ON")


class Database:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, url: str, now: Callable[[], datetime], settings: DatabaseSettings | None = None) -> None:
        self.url = make_url(url)
        self.now = now
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # It holds hashes of passwords, and sealed secrets: nobody else reads it, whatever folder it is in. What
            # SQLite puts beside it gets the same mode.
            with suppress(OSError):  # opening says it better
                os.close(os.open(self.url.database, os.O_RDWR | os.O_CREAT, 0o600))
        options = {} if self.is_sqlite else _pooling(self.url, settings or DatabaseSettings())
        self._engine: AsyncEngine = create_async_engine(self.url, **options)
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

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """One moment of the whole database, for as long as it is read; who writes meanwhile does not wait for it."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        async with self._engine.execution_options(**options).connect() as connection:
            yield connection

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """For commands that run in no transaction."""
        options = {"store_outside": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        async with self._turn, self._engine.execution_options(**options).connect() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask for anything. Raises what the driver raises where nobody answers."""
        async with self.read() as connection:
            await connection.execute(select(1))

    async def clock_ahead_s(self) -> float:
        """By how much this process's clock is ahead of the database's at least; on SQLite they are the same."""
        if self.is_sqlite:
            return 0.0
        async with self.read() as connection:
            before = self.now()
            theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            after = self.now()
        # What lies between asking and hearing is nobody's fault.
        return (before - theirs).total_seconds() if theirs < before else min((after - theirs).total_seconds(), 0.0)

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


def _pooling(url: URL, settings: DatabaseSettings) -> dict[str, Any]:
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_size": settings.pool_size, "max_overflow": 0}
    if settings.statement_timeout_s:
        given = url.query.get("options", "")
        told = given if isinstance(given, str) else " ".join(given)
        limit = f"-c statement_timeout={settings.statement_timeout_s * 1000}"
        options["connect_args"] = {"options": f"{limit} {told}".strip()}
    return options


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
    options = connection.get_execution_options()
    if options.get("store_outside"):
        return
    writes = options.get("store_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
