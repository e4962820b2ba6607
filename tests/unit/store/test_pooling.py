"""PostgreSQL: no more connections than were allowed, and no statement without an end."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from proxmox_mpc.settings import DatabaseSettings
from proxmox_mpc.store import Store
from tests.unit.store.conftest import KEY


async def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    async with Store.open(postgres_url, key=KEY, settings=DatabaseSettings(2, 1)) as store:
        with pytest.raises(DBAPIError, match="statement timeout"):
            async with store.jobs.database.read() as connection:
                await connection.execute(text("SELECT pg_sleep(30)"))
        assert await store.ping() == "PostgreSQL"


async def test_options_of_the_url_still_count(postgres_url: str) -> None:
    joined = "&" if "?" in postgres_url else "?"
    url = f"{postgres_url}{joined}options=-c%20lock_timeout%3D1234"
    async with Store.open(url, key=KEY) as store, store.jobs.database.read() as connection:
        for name, value in {"lock_timeout": "1234ms", "statement_timeout": "1min"}.items():
            assert (await connection.execute(text(f"SHOW {name}"))).scalar_one() == value


async def test_a_process_opens_no_more_connections_than_it_may(postgres_url: str) -> None:
    async with Store.open(postgres_url, key=KEY, settings=DatabaseSettings(3)) as store:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

        async def look() -> int:
            async with store.jobs.database.read() as connection:
                return int(
                    (await connection.execute(text(f"{count} AND backend_type = 'client backend'"))).scalar_one()
                )

        assert max(await asyncio.gather(*(look() for _ in range(50)))) <= 2
