"""Schedules make jobs: each due time one, whoever is at it, whenever."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings

from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.store import NewJob, Schedule, Store
from tests.unit.store.conftest import KEY, FakeNow, database, empty_url, postgres, postgres_url, sqlite_template, url

__all__ = ["database", "empty_url", "postgres", "postgres_url", "sqlite_template", "url"]


def order(schedule: Schedule, due_at: datetime) -> NewJob:
    return NewJob(schedule.action, schedule.request, schedule.actor, schedule_id=schedule.id, due_at=due_at)


async def add(store: Store, name: str, next_at: datetime, **values: Any) -> Schedule:
    given = {
        "action": "start", "request": {}, "actor": "ann", "user_id": "", "limits": {}, "context": "lab", "cron": "",
        "interval_s": 60, "zone": "UTC", "grace_s": 600, "enabled": True, "next_at": next_at, "last_due_at": None,
    }  # fmt: skip
    return await store.schedules.add(name, **{**given, **values})


async def due_times(store: Store, schedule: Schedule) -> list[int]:
    """Minutes after the schedule was made at which it had jobs."""
    jobs = await store.jobs.list(schedule_id=schedule.id, limit=1000)
    return sorted(int((job.due_at - schedule.created_at).total_seconds() // 60) for job in jobs if job.due_at)


async def do_all(store: Store) -> None:
    while (job := await store.claims.next("worker", 30)) is not None:
        assert await store.claims.succeeded(job, {})


async def test_times_that_were_missed_are_made_up_for_within_the_grace(store: Store, bus: Bus, now: FakeNow) -> None:
    schedule = await add(store, "each minute", now() + timedelta(minutes=1), grace_s=180)
    beat = Beat(bus, order, now)
    now.pass_(minutes=1)
    assert len(await beat.tick()) == 1
    assert await beat.tick() == []
    now.pass_(minutes=2)
    await beat.tick()
    await do_all(store)
    now.pass_(minutes=60)
    await beat.tick()
    assert await due_times(store, schedule) == [1, 2, 3, 60, 61, 62, 63]
    assert (await store.schedules.get("each minute")).next_at == now() + timedelta(minutes=1)


async def test_a_schedule_that_is_off_makes_nothing_and_starts_anew(store: Store, bus: Bus, now: FakeNow) -> None:
    schedule = await add(store, "off", now(), enabled=False)
    now.pass_(minutes=5)
    assert await Beat(bus, order, now).tick() == []
    assert await due_times(store, schedule) == []


async def test_one_that_makes_no_sense_any_more_holds_up_no_other(store: Store, bus: Bus, now: FakeNow) -> None:
    def refusing(schedule: Schedule, due_at: datetime) -> NewJob:
        if schedule.name == "bad":
            raise ValueError("no such action")
        return order(schedule, due_at)

    await add(store, "bad", now())
    good = await add(store, "good", now() + timedelta(seconds=1))
    now.pass_(seconds=1)
    assert [job.schedule_id for job in await Beat(bus, refusing, now).tick()] == [good.id]
    assert (await store.schedules.get("bad")).last_error == "no job could be made: no such action"
    now.pass_(minutes=1)
    await Beat(bus, order, now).tick()
    assert (await store.schedules.get("bad")).last_error == ""


async def test_one_whose_times_were_missed_says_so(store: Store, bus: Bus, now: FakeNow) -> None:
    await add(store, "late", now(), grace_s=60, interval_s=0, cron="0 3 * * *")
    now.pass_(minutes=10)
    assert await Beat(bus, order, now).tick() == []
    assert "were missed for too long" in (await store.schedules.get("late")).last_error


async def test_jobs_that_no_worker_takes_do_not_pile_up(store: Store, bus: Bus, now: FakeNow) -> None:
    schedule = await add(store, "each minute", now() + timedelta(minutes=1), grace_s=180)
    beat = Beat(bus, order, now)
    for _ in range(60):
        now.pass_(minutes=1)
        await beat.tick()
    assert await due_times(store, schedule) == [1, 2, 3, 4]
    told = (await store.schedules.get("each minute")).last_error
    assert told == "2026-11-21 13:00 UTC was left out: the job of 2026-11-21 12:01 UTC still waits for a worker"
    await do_all(store)
    now.pass_(minutes=1)
    await beat.tick()
    assert await due_times(store, schedule) == [1, 2, 3, 4, 61]
    assert (await store.schedules.get("each minute")).last_error == ""


async def test_a_nightly_job_waits_for_its_worker_however_long(store: Store, bus: Bus, now: FakeNow) -> None:
    schedule = await add(store, "nightly", now() + timedelta(minutes=1), interval_s=86400)
    beat = Beat(bus, order, now)
    now.pass_(minutes=1)
    for _ in range(4):
        await beat.tick()
        now.pass_(days=1)
    assert await due_times(store, schedule) == [1]
    await do_all(store)
    await beat.tick()
    assert await due_times(store, schedule) == [1, 4 * 24 * 60 + 1]


async def test_one_that_runs_for_long_is_no_reason_to_leave_a_time_out(store: Store, bus: Bus, now: FakeNow) -> None:
    schedule = await add(store, "long", now() + timedelta(minutes=1), grace_s=0)
    beat = Beat(bus, order, now)
    now.pass_(minutes=1)
    await beat.tick()
    assert await store.claims.next("worker", 3600) is not None
    now.pass_(minutes=1)
    await beat.tick()
    assert await due_times(store, schedule) == [1, 2]


async def test_a_change_takes_effect_at_once(store: Store, now: FakeNow) -> None:
    bus = Bus(store, WakeUps())
    task = asyncio.create_task(Beat(bus, order, now, look_s=3600).run())
    await asyncio.sleep(0.05)
    schedule = await add(store, "new", now())
    await bus.wakeups.wake("schedules")
    async with asyncio.timeout(5):
        while not await store.jobs.list(schedule_id=schedule.id):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()


BEAT = """
import asyncio, sys
from datetime import datetime
from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.store import NewJob, SecretKey, Store

at = None

def order(schedule, due_at):
    return NewJob(schedule.action, {}, schedule.actor, schedule_id=schedule.id, due_at=due_at)

async def main(url):
    global at
    async with Store.open(url, key=SecretKey(["a passphrase for tests"]), now=lambda: at) as store:
        beat = Beat(Bus(store, WakeUps()), order, lambda: at)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            at = datetime.fromisoformat(line.strip())
            while (job := await store.claims.next("worker", 30)) is not None:
                await store.claims.succeeded(job, {})
            print(len(await beat.tick()), flush=True)

asyncio.run(main(sys.argv[1]))
"""
START = datetime.fromisoformat("2026-11-22T00:00:00+00:00")
STEP = timedelta(minutes=20)


class Process:
    """A beat as a process of its own, whose clock a test sets."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEAT, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.heard() == "ready"

    def set(self, at: datetime) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{at.isoformat()}\n")
        self.process.stdin.flush()

    def heard(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_two_beats_and_500_schedules_in_a_day_with_restarts_make_each_due_time_once(url: str) -> None:
    """Both always tick at once; in every third step one of them is killed (-9) at work, and another one started."""
    if url.startswith("sqlite") and settings.get_current_profile_name() != "soak":
        pytest.skip("runs on PostgreSQL in `make test`, and on both in `make soak`: 20 s each")
    wanted: Counter[tuple[str, datetime]] = Counter()

    async def prepare() -> None:
        async with Store.open(url, key=KEY, now=lambda: START) as store:
            for number in range(500):
                hour, minute = number % 24, number % 60
                if number % 5:
                    times = [START + timedelta(hours=hour, minutes=minute)]
                    values = {"cron": f"{minute} {hour} * * *", "interval_s": 0}
                else:
                    times = [START + timedelta(minutes=minute + 360 * turn) for turn in range(4)]
                    values = {"cron": "", "interval_s": 6 * 3600}
                await add(store, f"s{number}", times[0], grace_s=3600, **values)
                wanted.update((f"s{number}", at) for at in times)

    asyncio.run(prepare())
    chance, kills = random.Random(7), 0
    beats = [Process(url), Process(url)]
    at = START
    while at < START + timedelta(days=1):
        at += STEP
        for beat in beats:
            beat.set(at)
        if (at - START) // STEP % 3 == 0:
            victim = chance.randrange(2)
            beats[victim].kill()
            beats[victim] = Process(url)
            kills += 1
            beats[victim].set(at)
        for beat in beats:
            assert beat.heard() != ""
    for beat in beats:
        beat.kill()

    async def found() -> Counter[tuple[str, datetime]]:
        async with Store.open(url, key=KEY) as store:
            names = {schedule.id: schedule.name for schedule in await store.schedules.list()}
            made: Counter[tuple[str, datetime]] = Counter()
            before = ""
            while page := await store.jobs.list(before=before, limit=500):
                before = page[-1].id
                made.update((names[job.schedule_id or ""], job.due_at) for job in page if job.due_at)
            return made

    made = asyncio.run(found())
    today = Counter({key: count for key, count in made.items() if key[1] < START + timedelta(days=1)})
    assert today == wanted
    assert kills == 24
    assert sum(wanted.values()) == 800
