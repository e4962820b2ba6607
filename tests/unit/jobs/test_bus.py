"""Messages that reach everybody, leaders of which there is one, and what is swept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.leader import Leader
from proxmox_mpc.jobs.sweeping import Sweeper
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.store import NewMessage, Store
from proxmox_mpc.store.webhooks import Webhook
from tests.unit.jobs.conftest import add, until, worker
from tests.unit.store.conftest import FakeNow

DAYS = {"events": 90, "messages": 14, "jobs": 90, "snapshots": 90, "runs": 365}


async def heard(bus: Bus, after: int, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(10):
        async for page in bus.tail(after):
            found += [message.payload["n"] for message in page]
            if len(found) >= count:
                return found
    return found


async def test_who_listens_hears_at_once_and_all_of_it(store: Store, bus: Bus) -> None:
    listening = asyncio.create_task(heard(bus, 0, 50))
    await asyncio.sleep(0.05)
    for n in range(50):
        await bus.publish([NewMessage("jobs", "x", {"n": n})])
    assert await listening == list(range(50))


async def test_who_comes_back_goes_on_where_it_left(store: Store, bus: Bus) -> None:
    await bus.publish([NewMessage("jobs", "x", {"n": n}) for n in range(5)])
    third = (await store.messages.read())[2].id
    assert await heard(bus, third, 2) == [3, 4]


async def test_what_another_process_tells_is_heard_without_a_wake_up(store: Store) -> None:
    listener, other = Bus(store, WakeUps(), poll_s=0.05), Bus(store, WakeUps())
    listening = asyncio.create_task(heard(listener, 0, 1))
    await asyncio.sleep(0.02)
    await other.publish([NewMessage("jobs", "x", {"n": 1})])
    assert await listening == [1]


async def test_a_redis_that_is_not_there_keeps_nobody_from_telling(store: Store) -> None:
    async with WakeUps.open("redis://127.0.0.1:9/0") as wakeups:
        bus = Bus(store, wakeups)
        async with asyncio.timeout(5):
            for n in range(20):
                await bus.publish([NewMessage("jobs", "x", {"n": n})])
            assert await heard(bus, 0, 20) == list(range(20))


async def test_one_leads_and_another_takes_over_when_it_ends(store: Store, now: FakeNow) -> None:
    leading: list[str] = []

    def lead(name: str) -> Any:
        async def work() -> None:
            leading.append(name)
            try:
                await asyncio.sleep(3600)
            finally:
                leading.remove(name)

        return work

    leaders = {name: Leader(store, "sweeping", name, ttl_s=0.3) for name in ("one", "two")}
    tasks = {name: asyncio.create_task(leader.run(lead(name))) for name, leader in leaders.items()}

    async def one_leads() -> bool:
        return len(leading) == 1

    await until(one_leads)
    first = leading[0]
    tasks[first].cancel()
    await asyncio.gather(tasks[first], return_exceptions=True)

    async def other_leads() -> bool:
        return len(leading) == 1 and leading[0] != first

    await until(other_leads)  # though the clock stands still: the first has given its lease up
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_a_leader_whose_lease_was_taken_stops(store: Store, now: FakeNow) -> None:
    at_work = asyncio.Event()
    ended = asyncio.Event()

    async def lead() -> None:
        at_work.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    task = asyncio.create_task(Leader(store, "sweeping", "one", ttl_s=0.3).run(lead))
    await at_work.wait()
    now.pass_(seconds=60)
    assert await store.leases.take("sweeping", "two", 3600)
    await asyncio.wait_for(ended.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await store.leases.holder("sweeping") == "two"


async def test_lost_jobs_go_to_others_and_forgotten_ids_are_sent_again(store: Store, bus: Bus, now: FakeNow) -> None:
    async def never(job: Any, reporter: Any) -> Mapping[str, Any]:
        raise AssertionError

    sent: list[str] = []

    lost = await add(store)
    assert await worker(bus, never).claim() is not None
    sweeper = Sweeper(bus, now, DAYS, sent.append)
    await sweeper.sweep()
    assert sent == []
    now.pass_(seconds=31)
    waiting = await add(store)
    await sweeper.sweep()
    assert sent == [lost.id]
    now.pass_(seconds=31)
    await sweeper.sweep()
    assert set(sent) == {lost.id, waiting.id}


async def test_what_a_webhook_was_not_told_is_not_forgotten_without_a_word(
    store: Store, bus: Bus, now: FakeNow, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.webhooks.put(Webhook("down", "https://a/", "secret", ("jobs",)))
    await store.webhooks.put(Webhook("up", "https://b/", "secret", ("jobs",)))
    await store.messages.append([NewMessage(room, "old", {}) for room in ("jobs", "nodes", "jobs")])
    await store.webhooks.delivered(await store.webhooks.get("up"), 3)
    now.pass_(days=15)
    await store.messages.append([NewMessage("jobs", "new", {}) for _ in range(2)])
    sweeper = Sweeper(bus, now, DAYS)
    for _ in range(2):
        await sweeper.forget()
    down, up = await store.webhooks.get("down"), await store.webhooks.get("up")
    assert (down.missed, up.missed) == (2, 0)
    assert [one.type for one in await store.messages.read(down.last_id, rooms=down.rooms)] == ["new", "new"]
    told = capsys.readouterr().err
    assert told.count("that a webhook has not taken") == 1
    assert '"webhook": "down"' in told or "webhook=down" in told
    await store.webhooks.put(down)
    assert (await store.webhooks.get("down")).missed == 0


async def test_what_is_old_is_forgotten_and_what_is_needed_stays(store: Store, bus: Bus, now: FakeNow) -> None:
    await store.messages.append([NewMessage("jobs", "old", {})])
    await store.snapshots.record("lab", "guest", {"100": {"a": 1}, "101": {"a": 1}})
    await store.events.add("lab", type="Normal", reason="r", kind="k", namespace="", name="n", message="m", actor="a")
    now.pass_(days=15)
    await store.snapshots.record("lab", "guest", {"100": {"a": 2}})
    now.pass_(days=80)
    await store.messages.append([NewMessage("jobs", "new", {})])
    await Sweeper(bus, now, DAYS).forget()
    assert [message.type for message in await store.messages.read()] == ["new"]
    assert await store.events.list("lab") == []
    # The newest of each is what the next look is compared with: it stays, however old it is.
    assert [len(await store.snapshots.history("lab", "guest", vmid)) for vmid in ("100", "101")] == [1, 1]
    assert await store.snapshots.record("lab", "guest", {"100": {"a": 2}, "101": {"a": 1}}) == []
    now.pass_(hours=1)
    assert (await store.jobs.list()) == []
    assert now() - timedelta(days=14) < (await store.messages.read())[0].at
