"""A store on SQLite, a clock that a test moves, and workers that do whatever a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.reporter import Reporter
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.jobs.work import Worker
from proxmox_mpc.store import Job, NewJob, Store
from tests.unit.store.conftest import KEY, FakeNow

Do = Callable[[Job, Reporter], Awaitable[Mapping[str, Any]]]


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
async def store(tmp_path: Path, now: FakeNow) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'store.db'}", key=KEY, now=now) as opened:
        yield opened


@pytest.fixture
def bus(store: Store) -> Bus:
    return Bus(store, WakeUps(), poll_s=30)


def worker(bus: Bus, do: Do, name: str = "one", **options: Any) -> Worker:
    return Worker(bus, do, name, **{"lease_s": 30, "farewell_s": 5, **options})


async def add(store: Store, **values: Any) -> Job:
    return await store.jobs.add(NewJob(**{"action": "apply", "request": {}, "actor": "ann", **values}))


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(10):
        while not await true():  # noqa: ASYNC110  a store has no event for it
            await asyncio.sleep(0.01)
