import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

from proxmox_mpc.store import Job, NewJob, RecordMissing, SecretKey, Store
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def add(store: Store, **values: Any) -> Job:
    return await store.jobs.add(NewJob(**{"action": "apply", "request": {}, "actor": "ann", **values}))


async def claim(store: Store, worker: str = "here", **options: Any) -> Job | None:
    return await store.claims.next(worker, 30, **options)


async def must_claim(store: Store, worker: str = "here") -> Job:
    job = await claim(store, worker)
    assert job is not None
    return job


async def test_a_job_is_done_from_beginning_to_end(store: Store, now: FakeNow) -> None:
    added = await add(store, request={"password": "hunter2"}, subject="application web")
    assert (added.state, added.attempt) == ("queued", 0)
    job = await must_claim(store)
    assert (job.id, job.state, job.worker, job.attempt) == (added.id, "running", "here", 1)
    assert job.request == {"password": "hunter2"}
    assert "hunter2" not in repr(job)
    await store.claims.progress(job, {"done": 1})
    now.pass_(seconds=5)
    assert await store.claims.succeeded(job, {"revision": 3})
    ended = await store.jobs.get(job.id)
    assert (ended.state, ended.result, ended.progress) == ("succeeded", {"revision": 3}, {"done": 1})
    assert ended.ended_at == now()
    assert await claim(store) is None
    rooms = [(m.room, m.payload["state"]) for m in await store.messages.read()]
    each = ["jobs", f"jobs/{job.id}", "applications/web"]
    assert rooms == [(room, state) for state in ("queued", "running", "succeeded") for room in each]
    assert "hunter2" not in json.dumps([m.payload for m in await store.messages.read()])


async def test_what_is_asked_and_answered_is_encrypted_and_survives_a_new_key(
    store: Store, open_store: Open, now: FakeNow
) -> None:
    await add(store, request={"password": "hunter2"})
    job = await must_claim(store)
    await store.claims.succeeded(job, {"ticket": "swordfish"})
    newer = SecretKey(["another passphrase of tests", "a passphrase for tests"])
    async with open_store(newer) as opened:
        assert await opened.reseal() == 1
        assert await opened.reseal() == 0
    async with open_store(SecretKey(["another passphrase of tests"])) as opened:
        found = await opened.jobs.get(job.id)
    assert (found.request, found.result) == ({"password": "hunter2"}, {"ticket": "swordfish"})


async def test_priority_goes_first_then_age_and_nothing_before_its_time(store: Store, now: FakeNow) -> None:
    late = await add(store, not_before=now() + timedelta(minutes=1))
    old = await add(store)
    now.pass_(seconds=1)
    urgent = await add(store, priority=5)
    young = await add(store)
    order = [(await must_claim(store)).id for _ in range(3)]
    assert order == [urgent.id, old.id, young.id]
    assert await claim(store) is None
    now.pass_(minutes=1)
    assert (await must_claim(store)).id == late.id


async def test_one_of_a_concurrency_key_runs_and_the_others_wait_in_order(store: Store, now: FakeNow) -> None:
    names = []
    for _ in range(3):
        names.append((await add(store, concurrency_key="lab/web")).id)
        now.pass_(seconds=1)
    first = await must_claim(store)
    assert await claim(store) is None
    other = await add(store, concurrency_key="lab/db")
    assert (await must_claim(store)).id == other.id
    await store.claims.succeeded(first, {})
    second = await must_claim(store)
    assert await claim(store) is None
    # One that waits to be tried again is not overtaken: what was asked for later shall be what is there at the end.
    await store.claims.failed(second, {"code": "cluster.unreachable"}, now() + timedelta(seconds=30))
    assert await claim(store) is None
    now.pass_(seconds=30)
    again = await must_claim(store)
    assert (again.id, again.attempt) == (second.id, 2)
    await store.claims.succeeded(again, {})
    assert [first.id, second.id, (await must_claim(store)).id] == names


async def test_a_job_for_later_holds_up_nobody_of_its_key(store: Store, now: FakeNow) -> None:
    await add(store, concurrency_key="web", not_before=now() + timedelta(hours=1))
    today = await add(store, concurrency_key="web")
    assert (await must_claim(store)).id == today.id


async def test_a_named_job_is_claimed_once_and_only_when_it_may(store: Store, now: FakeNow) -> None:
    first = await add(store, concurrency_key="web")
    now.pass_(seconds=1)
    second = await add(store, concurrency_key="web")
    assert await claim(store, id=second.id) is None
    job = await claim(store, id=first.id)
    assert job is not None
    assert await claim(store, id=first.id) is None
    assert await claim(store, id="nobody") is None


async def test_a_worker_that_gives_no_sign_of_life_loses_its_job(store: Store, now: FakeNow) -> None:
    await add(store)
    job = await must_claim(store, "one")
    now.pass_(seconds=29)
    assert await store.claims.renew(job, 30) is False
    now.pass_(seconds=29)
    assert await store.claims.sweep() == []
    now.pass_(seconds=2)
    assert [lost.state for lost in await store.claims.sweep()] == ["queued"]
    again = await must_claim(store, "two")
    assert again.attempt == 2
    # The first was only asleep: it hears that its claim is over, and can end nothing.
    assert await store.claims.renew(job, 30) is None
    assert not await store.claims.succeeded(job, {"wrong": True})
    assert await store.claims.succeeded(again, {"right": True})
    assert (await store.jobs.get(job.id)).result == {"right": True}


async def test_a_job_that_kills_its_workers_ends_as_failed(store: Store, now: FakeNow) -> None:
    await add(store, max_attempts=2)
    for _ in range(2):
        await must_claim(store)
        now.pass_(seconds=31)
        await store.claims.sweep()
    (job,) = await store.jobs.list()
    assert (job.state, job.error and job.error["code"]) == ("failed", "job.worker-lost")


async def test_a_job_that_was_given_back_has_lost_no_attempt(store: Store) -> None:
    await add(store, max_attempts=1)
    for attempt in (1, 2, 3):
        job = await must_claim(store)
        assert job.attempt == attempt
        assert await store.claims.give_back(job)
    last = await must_claim(store)
    assert await store.claims.failed(last, {"code": "x"}, retry_at=store.jobs.database.now())
    assert (await store.jobs.get(last.id)).state == "failed"


async def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked(store: Store) -> None:
    running = await add(store)
    job = await must_claim(store)
    waiting = await add(store)
    assert (await store.jobs.cancel(waiting.id)).state == "cancelled"
    asked = await store.jobs.cancel(running.id)
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert await store.claims.renew(job, 30) is True
    assert await store.claims.cancelled(job, {"code": "apply.stopped"})
    assert (await store.jobs.cancel(running.id)).state == "cancelled"
    with pytest.raises(RecordMissing):
        await store.jobs.cancel("nobody")


async def test_a_failed_job_can_be_done_again(store: Store, now: FakeNow) -> None:
    await add(store, max_attempts=1)
    job = await must_claim(store)
    assert (await store.jobs.retry(job.id)).state == "running"
    await store.claims.failed(job, {"code": "x", "message": "no"})
    assert (await store.jobs.retry(job.id)).error is None
    again = await must_claim(store)
    assert (again.id, again.attempt, again.max_attempts) == (job.id, 2, 2)
    assert again.ended_at is None


async def test_a_job_that_is_late_is_not_begun(store: Store, now: FakeNow) -> None:
    await add(store, deadline_at=now() + timedelta(seconds=10))
    now.pass_(seconds=11)
    assert await claim(store) is None
    (job,) = await store.claims.sweep()
    assert (job.state, job.error and job.error["code"]) == ("failed", "job.deadline")


async def test_jobs_are_listed_page_by_page_as_they_fit(store: Store, now: FakeNow) -> None:
    for number in range(5):
        await add(store, subject=f"application {number % 2}", actor="ann" if number else "bob")
        now.pass_(seconds=1)
    first = await store.jobs.list(limit=3)
    rest = await store.jobs.list(limit=3, before=first[-1].id)
    ids = [job.id for job in [*first, *rest]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 5
    assert len(await store.jobs.list(subject="application 1")) == 2
    assert len(await store.jobs.list(actor="bob", states=["queued"])) == 1
    assert await store.jobs.list(states=["failed"]) == []


async def test_old_jobs_are_forgotten_once_they_have_ended(store: Store, now: FakeNow) -> None:
    await add(store)
    job = await must_claim(store)
    waiting = await add(store)
    await store.claims.succeeded(job, {})
    now.pass_(days=2)
    assert await store.retention.purge("jobs", now() - timedelta(days=1)) == 1
    assert [left.id for left in await store.jobs.list()] == [waiting.id]


async def test_what_whoever_carries_ids_has_lost_is_found(store: Store, now: FakeNow) -> None:
    lost = await add(store)
    now.pass_(seconds=60)
    await add(store)
    assert await store.claims.to_send_again(30) == [lost.id]


async def test_an_id_is_sent_again_with_growing_pauses_and_afresh_after_another_attempt(
    store: Store, now: FakeNow
) -> None:
    waits = await add(store, concurrency_key="web", priority=1)
    behind = await add(store, concurrency_key="web")
    times = []
    for second in range(0, 3600, 5):
        sent = await store.claims.to_send_again(30)
        assert behind.id not in sent, "it waits for the other of its key, and is found once that has ended"
        times += [second for id in sent if id == waits.id]
        now.pass_(seconds=5)
    assert times == [30, 60, 120, 240, 480, 960, 1560, 2160, 2760, 3360]
    job = await must_claim(store)
    assert await store.claims.give_back(job)
    assert await store.claims.to_send_again(30) == []
    now.pass_(seconds=30)
    assert await store.claims.to_send_again(30) == [waits.id]
    again = await must_claim(store)
    assert await store.claims.succeeded(again, {})
    assert await store.claims.to_send_again(30) == [behind.id]


async def test_all_that_wait_are_sent_again_and_not_ever_the_same_ones(store: Store, now: FakeNow) -> None:
    ids = {(await add(store)).id for _ in range(7)}
    now.pass_(seconds=31)
    assert set(await store.claims.to_send_again(30, limit=5) + await store.claims.to_send_again(30, limit=5)) == ids
    assert await store.claims.to_send_again(30) == []


WORK = """
import asyncio, sys
from proxmox_mpc.store import SecretKey, Store

async def main(url, name):
    done = []
    async with Store.open(url, key=SecretKey(["a passphrase for tests"])) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        while (job := await store.claims.next(name, 30)) is not None:
            done.append(job.request["number"])
            assert await store.claims.succeeded(job, {})
    print(*done)

asyncio.run(main(*sys.argv[1:]))
"""


def start(url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORK, url, name]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_five_hundred_jobs_are_each_done_once_by_several_processes(open_store: Open, url: str) -> None:
    async with Store.open(url, key=SecretKey(["a passphrase for tests"])) as store:
        for number in range(500):
            await add(store, request={"number": number}, concurrency_key=f"key {number}" if number % 2 else "")
    workers = [start(url, f"worker {n}") for n in range(4)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    ends = await asyncio.gather(*(asyncio.to_thread(worker.communicate, "go\n", timeout=120) for worker in workers))
    done = [[int(word) for word in out.split()] for out, _ in ends]
    assert sorted(number for part in done for number in part) == list(range(500))
    assert sum(bool(part) for part in done) > 1, "several took part"


async def test_of_one_key_never_two_run_however_many_claim(open_store: Open) -> None:
    running: set[str] = set()
    done: list[str] = []

    async def work(store: Store, name: str) -> None:
        idle = 0
        while idle < 20:
            job = await claim(store, name)
            if job is None:
                idle += 1
                await asyncio.sleep(0.005)
                continue
            assert job.concurrency_key not in running
            running.add(job.concurrency_key)
            await asyncio.sleep(0)
            running.remove(job.concurrency_key)
            done.append(job.id)
            await store.claims.succeeded(job, {})

    async with open_store() as one, open_store() as two, open_store() as three:
        ids = [(await add(one, concurrency_key=f"app {number % 3}", priority=number % 2)).id for number in range(60)]
        await asyncio.gather(*(work(store, f"w{n}") for n, store in enumerate([one, two, three] * 2)))
    assert sorted(done) == sorted(ids)
