"""A new key: every sealed column of every table is encrypted anew, and nothing else is touched."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Integer, Table, insert, select
from sqlalchemy.sql.sqltypes import DateTime

from proxmox_mpc.store import SecretKey, SecretUnreadable, Store
from proxmox_mpc.store.models import UtcTime, metadata
from tests.unit.store.conftest import KEY

NEW = "another passphrase for tests"
SEALED = [(table.name, column.name) for table in metadata.sorted_tables for column in table.c if "seal" in column.name]


def value(column: Column[Any], store: Store) -> Any:
    if column.name.startswith("sealed_"):
        return KEY.seal(f"the secret of {column.table.name}.{column.name}")
    if isinstance(column.type, UtcTime | DateTime):
        return store.contexts.database.now()
    return 1 if isinstance(column.type, Integer | Boolean) else {} if isinstance(column.type, JSON) else "1"


async def fill(store: Store) -> None:
    """A row in every table; those that others point at come first."""
    async with store.contexts.database.write() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table).values({c.name: value(c, store) for c in table.c}))


async def test_no_sealed_column_is_forgotten(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    tables = {name for name, _ in SEALED}
    assert {"contexts", "jobs", "schedules", "webhooks", "idempotency_keys", "pending_logins"} <= tables
    await fill(store)
    async with open_store(SecretKey([NEW, "a passphrase for tests"])) as both:
        assert await both.reseal() == len(tables)
        assert await both.reseal() == 0
    only_new = SecretKey([NEW])
    async with store.contexts.database.read() as connection:
        for table, column in SEALED:
            [row] = (await connection.execute(select(metadata.tables[table]))).all()
            assert only_new.unseal(row._mapping[column]) == f"the secret of {table}.{column}"


async def test_many_rows_and_empty_ones_are_gone_through(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    table: Table = metadata.tables["webhooks"]
    common = {c.name: value(c, store) for c in table.c}
    rows = [{**common, "name": f"hook-{n}", "sealed_secret": KEY.seal(str(n)) if n % 3 else ""} for n in range(450)]
    async with store.contexts.database.write() as connection:
        await connection.execute(insert(table), rows)
    async with open_store(SecretKey([NEW, "a passphrase for tests"])) as both:
        assert await both.reseal() == 300


async def test_a_secret_of_a_lost_key_stops_it(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    await fill(store)
    async with open_store(SecretKey([NEW])) as fresh:
        with pytest.raises(SecretUnreadable):
            await fresh.reseal()
