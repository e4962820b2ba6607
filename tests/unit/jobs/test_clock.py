"""Machines whose clocks differ: it is said, and whoever would take jobs from the living does not start."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from proxmox_mpc.bootstrap.background import open_background
from proxmox_mpc.jobs.clock import Clock, ClockWrong
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import Store
from tests.unit.jobs.conftest import until
from tests.unit.store.conftest import KEY, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


def shifted(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [0, 8, -8, 40, -40])
async def test_a_clock_is_compared_with_the_databases(
    postgres_url: str, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Store.open(postgres_url, key=KEY, now=lambda: shifted(seconds)) as store:
        assert await store.clock_ahead_s() == pytest.approx(seconds, abs=1)
        clock = Clock(store, lease_s=30)
        if abs(seconds) < 15:
            await clock.check()
        else:
            side = "ahead of" if seconds > 0 else "behind"
            with pytest.raises(ClockWrong, match=f"(39|40) s {side} the database's, and a lease lasts 30 s"):
                await clock.check()
    assert capsys.readouterr().err.count("the clock differs") == bool(seconds)


async def test_a_clock_that_is_set_wrong_later_is_told_once(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, said = 0.0, ""
    async with Store.open(postgres_url, key=KEY, now=lambda: shifted(seconds)) as store:
        task = asyncio.create_task(Clock(store, 30, look_s=0.01).run())

        async def told(what: str) -> bool:
            nonlocal said
            said += capsys.readouterr().err
            return what in said

        await asyncio.sleep(0.1)
        assert not await told("the clock")
        seconds = 90
        await until(lambda: told("the clock differs"))
        seconds = 0
        await until(lambda: told("agrees with the database's again"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert said.count("the clock differs") == 1


async def test_a_process_with_a_wrong_clock_does_not_start(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ahead(store: Store) -> float:
        return 3600.0

    monkeypatch.setattr(Store, "clock_ahead_s", ahead)
    with pytest.raises(ClockWrong):
        async with open_background(
            Settings.load({"DATABASE_URL": postgres_url, "PROXMOX_SECRET_KEY": "a passphrase for tests"})
        ):
            raise AssertionError


async def test_on_sqlite_there_is_one_clock(store: Store) -> None:
    assert await store.clock_ahead_s() == 0
