"""The same tests on both databases: a fresh SQLite file, a fresh PostgreSQL database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.store import postgres as servers

from proxmox_mpc.store import SecretKey, Store

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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)  # the server's own user must reach its data
    with servers.running(folder) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: servers.Postgres = request.getfixturevalue("postgres")
    return server.fresh()


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
