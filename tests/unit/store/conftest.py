"""The same tests on both databases: a fresh SQLite file, a fresh PostgreSQL database."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxmox_mpc.store import SecretKey, Store
from tests.unit.store import postgres as servers

KEY = SecretKey(["a passphrase for tests"])


@dataclass
class FakeNow:
    """A wall clock that a test moves."""

    at: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    with servers.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: each test runs on both."""
    return str(request.param)


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: servers.Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without content, to be copied: that is faster than making its tables each time."""
    file = tmp_path_factory.mktemp("template") / "store.db"
    asyncio.run(_make(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_url(postgres: servers.Postgres) -> str:
    """A database of the server with a store that tests share, one after the other."""
    url = postgres.fresh()
    asyncio.run(_make(url))
    return url


async def _make(url: str) -> None:
    async with Store.open(url, key=KEY):
        pass


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store without content."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path / 'store.db'}"
    shared: str = request.getfixturevalue("postgres_url")
    servers.clear(shared)
    return shared


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
def open_store(url: str, now: FakeNow) -> Callable[..., AbstractAsyncContextManager[Store]]:
    """Opens the store, as often as a test likes; with another key where it gives one."""
    return lambda key=KEY: Store.open(url, key=key, now=now)


@pytest.fixture
async def store(open_store: Callable[..., AbstractAsyncContextManager[Store]]) -> AsyncIterator[Store]:
    async with open_store() as opened:
        yield opened
