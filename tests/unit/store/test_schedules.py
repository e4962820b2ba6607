import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

from proxmox_mpc.store import NewJob, RecordMissing, Schedule, Store
from proxmox_mpc.store.schedules import ScheduleExists
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def add(store: Store, name: str = "nightly", **values: Any) -> Schedule:
    given = {
        "action": "start", "request": {"guests": ["web"]}, "actor": "ann", "user_id": "u1", "limits": {}, "context": "lab",
        "cron": "", "interval_s": 60, "zone": "UTC", "grace_s": 600, "enabled": True, "next_at": store.jobs.database.now(),
        "last_due_at": None,
    }  # fmt: skip
    return await store.schedules.add(name, **{**given, **values})


def job_of(schedule: Schedule) -> NewJob:
    return NewJob("start", {}, "ann", schedule_id=schedule.id, due_at=schedule.next_at)


async def test_a_schedule_is_kept_changed_and_forgotten(store: Store, now: FakeNow) -> None:
    made = await add(store)
    assert await store.schedules.get("nightly") == made
    assert made.request == {"guests": ["web"]}
    assert "web" not in repr(made)
    with pytest.raises(ScheduleExists):
        await add(store)
    now.pass_(seconds=1)
    changed = await store.schedules.change("nightly", enabled=False, request={"guests": ["db"]})
    assert (changed.enabled, changed.request, changed.changed_at) == (False, {"guests": ["db"]}, now())
    assert await store.schedules.list() == [changed]
    await store.schedules.delete("nightly")
    for missing in (store.schedules.get, store.schedules.delete, store.schedules.change):
        with pytest.raises(RecordMissing):
            await missing("nightly")


async def test_what_is_due_is_what_is_enabled_and_whose_time_has_come(store: Store, now: FakeNow) -> None:
    assert await store.schedules.next_at() is None
    soon = await add(store, "soon", next_at=now() + timedelta(seconds=5))
    await add(store, "off", enabled=False)
    await add(store, "never", next_at=None)
    assert await store.schedules.due() == []
    assert await store.schedules.next_at() == soon.next_at
    now.pass_(seconds=5)
    assert [s.name for s in await store.schedules.due()] == ["soon"]


async def test_of_many_that_fire_at_once_one_makes_the_job(open_store: Open, now: FakeNow) -> None:
    async with open_store() as one, open_store() as two:
        schedule = await add(one)
        later = now() + timedelta(seconds=60)
        answers = await asyncio.gather(*(s.schedules.fire(schedule, later, job_of(schedule)) for s in [one, two] * 4))
        assert len([job for job in answers if job is not None]) == 1
        assert len(await one.jobs.list(schedule_id=schedule.id)) == 1
        moved = await one.schedules.get("nightly")
    assert (moved.next_at, moved.last_due_at) == (later, schedule.next_at)


async def test_a_schedule_that_was_changed_meanwhile_does_not_fire_as_it_was(store: Store, now: FakeNow) -> None:
    old = await add(store)
    now.pass_(seconds=1)
    await store.schedules.change("nightly", request={"guests": ["db"]})
    assert await store.schedules.fire(old, now() + timedelta(seconds=60), job_of(old)) is None
    assert await store.jobs.list() == []


async def test_a_due_time_has_one_job_even_if_it_is_asked_for_twice(store: Store) -> None:
    schedule = await add(store)
    first, again = await store.jobs.add(job_of(schedule)), await store.jobs.add(job_of(schedule))
    assert again == first


async def test_a_lease_has_one_holder_until_it_ends(store: Store, now: FakeNow) -> None:
    leases = store.leases
    assert await leases.take("leader", "one", 10)
    assert not await leases.take("leader", "two", 10)
    now.pass_(seconds=9)
    assert await leases.take("leader", "one", 10)
    now.pass_(seconds=9)
    assert await leases.holder("leader") == "one"
    now.pass_(seconds=2)
    assert await leases.holder("leader") == ""
    assert await leases.take("leader", "two", 10)
    await leases.give_up("leader", "one")
    assert await leases.holder("leader") == "two"
    await leases.give_up("leader", "two")
    assert await leases.take("leader", "three", 10)
