"""Jobs as they are done: how they end, how they stop, and that nobody does another's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from proxmox_mpc.errors import InvalidInput, RefusedError, UnreachableError
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.reporter import Reporter
from proxmox_mpc.jobs.runner import Runner
from proxmox_mpc.store import Job, NewMessage, Store
from proxmox_mpc.store.claims import Claims
from tests.unit.jobs.conftest import Do, add, until, worker
from tests.unit.store.conftest import FakeNow


def failing(error: BaseException) -> Do:
    async def do(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        raise error

    return do


async def done(bus: Bus, do: Do, **options: Any) -> Job:
    """One attempt of the next job, and how the job stands after it."""
    one = worker(bus, do, **options)
    job = await one.claim()
    assert job is not None
    await one.do(job)
    return await bus.store.jobs.get(job.id)


class Patient:
    """A job that goes on until it is asked to stop."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.began = asyncio.Event()
        self.asked = asyncio.Event()

    async def __call__(self, job: Job, reporter: Reporter) -> Mapping[str, Any]:
        reporter.on_stop(self.asked.set)
        self.began.set()
        await self.asked.wait()
        if self.error is not None:
            raise self.error
        return {"done": "anyway"}


class Stopped(RefusedError):
    code = "apply.stopped"


async def test_what_a_job_tells_is_kept_in_order_without_secrets(store: Store, bus: Bus) -> None:
    async def do(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        for number in range(3):
            reporter.log(f"line {number}")
        reporter.log("login with password=hunter2")
        reporter.progress(done=1, total=2)
        return {"revision": 7}

    await add(store)
    job = await done(bus, do)
    assert (job.state, job.result, job.progress) == ("succeeded", {"revision": 7}, {"done": 1, "total": 2})
    lines = [m.payload["text"] for m in await store.messages.read(rooms=[f"jobs/{job.id}"], type="job.log")]
    assert lines == ["line 0", "line 1", "line 2", "login with password=(secret)"]
    states = [m.payload["state"] for m in await store.messages.read(rooms=["jobs"])]
    assert states == ["queued", "running", "succeeded"]


async def test_what_a_job_tells_outlives_a_database_that_is_away(store: Store, bus: Bus) -> None:
    job = await add(store)
    refusing = Refusing(bus)
    reporter = Reporter(job, refusing)  # type: ignore[arg-type]
    for number in range(3):
        reporter.log(f"line {number}")
    reporter.progress(done=1)
    with pytest.raises(OSError, match="away"):
        await reporter.flush()
    reporter.log("line 3")
    hanging = asyncio.create_task(reporter.flush())
    await until(refusing.hangs)
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    refusing.away = False
    await asyncio.gather(reporter.flush(), reporter.end())
    told = await store.messages.read(rooms=[f"jobs/{job.id}"])
    assert [m.payload["text"] for m in told if m.type == "job.log"] == ["line 0", "line 1", "line 2", "line 3"]
    assert [m.payload["done"] for m in told if m.type == "job.progress"] == [1]


class Refusing:
    """A bus that is away first: it refuses, and then hangs."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.store, self.away, self.asked = bus, bus.store, True, 0

    async def hangs(self) -> bool:
        return self.asked > 1

    async def publish(self, messages: Sequence[NewMessage]) -> None:
        self.asked += 1
        if self.away and self.asked == 1:
            raise OSError("away")
        if self.away:
            await asyncio.Event().wait()
        await self.bus.publish(messages)


async def test_a_claim_that_cannot_be_renewed_is_given_up_before_others_may_take_it(
    store: Store, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renewal hangs: the lease counts from before it was asked for, not from when that ends."""

    async def hangs(self: Claims, job: Job, lease_s: float) -> bool | None:
        await asyncio.sleep(3600)
        return False

    monkeypatch.setattr(Claims, "renew", hangs)
    await add(store)
    patient = Patient(Stopped("stopped"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    job = await asyncio.wait_for(done(bus, patient, lease_s=0.3), 5)
    assert patient.asked.is_set()
    assert loop.time() - began < 1
    assert job.state == "running", "it is for others to end it"


async def test_a_slow_renewal_makes_no_claim_longer(store: Store, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """It took most of the lease: what is left of that is all there is when the next one fails."""
    asked: list[float] = []
    loop = asyncio.get_running_loop()

    async def slow(self: Claims, job: Job, lease_s: float) -> bool | None:
        asked.append(loop.time())
        if len(asked) > 1:
            raise OSError("away")
        await asyncio.sleep(0.4)
        return False

    monkeypatch.setattr(Claims, "renew", slow)
    await add(store)
    patient = Patient(Stopped("stopped"))
    await asyncio.wait_for(done(bus, patient, lease_s=0.6), 5)
    assert 0.5 < loop.time() - asked[0] < 1.4


async def test_an_error_is_told_as_every_face_shows_it(store: Store, bus: Bus) -> None:
    await add(store)
    job = await done(bus, failing(InvalidInput("password: hunter2 is too short", hint="take a longer one")))
    assert job.state == "failed"
    assert job.error == {
        "type": "urn:proxmox-mpc:error:input.invalid", "title": "The input is not valid", "status": 422,
        "detail": "password: (secret) is too short", "code": "input.invalid", "exitCode": 1, "hint": "take a longer one",
    }  # fmt: skip


async def test_what_breaks_is_no_riddle_and_tells_no_secret(store: Store, bus: Bus) -> None:
    await add(store)
    job = await done(bus, failing(ValueError("hunter2")))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["detail"] == "it broke: ValueError"


async def test_what_may_pass_is_tried_again_later_and_not_for_ever(store: Store, bus: Bus, now: FakeNow) -> None:
    await add(store, max_attempts=3)
    pauses = []
    for _ in range(3):
        job = await done(bus, failing(UnreachableError("no answer")))
        pauses.append((job.not_before - now()).total_seconds())
        now.pass_(minutes=10)
    assert (job.state, job.attempt, job.error and job.error["exitCode"]) == ("failed", 3, 7)
    assert 1 < pauses[0] < 3 < pauses[1] < 6


async def test_a_job_that_is_cancelled_is_asked_to_stop_at_once(store: Store, bus: Bus) -> None:
    await add(store)
    patient = Patient(Stopped("stopped"))
    task = asyncio.create_task(done(bus, patient))
    await patient.began.wait()
    (running,) = await store.jobs.list()
    await store.jobs.cancel(running.id)
    await bus.wakeups.wake("jobs")
    job = await asyncio.wait_for(task, 5)
    assert (job.state, job.error and job.error["code"]) == ("cancelled", "apply.stopped")


async def test_a_cancelled_job_that_was_done_anyway_has_succeeded(store: Store, bus: Bus) -> None:
    await add(store)
    patient = Patient()
    task = asyncio.create_task(done(bus, patient))
    await patient.began.wait()
    await store.jobs.cancel((await store.jobs.list())[0].id)
    await bus.wakeups.wake("jobs")
    assert (await asyncio.wait_for(task, 5)).state == "succeeded"


async def test_a_job_that_does_not_stop_is_ended(store: Store, bus: Bus) -> None:
    async def deaf(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        await asyncio.sleep(3600)
        return {}

    await add(store)
    task = asyncio.create_task(done(bus, deaf, farewell_s=0.05))
    await until(lambda: _is(store, "running"))
    await store.jobs.cancel((await store.jobs.list())[0].id)
    await bus.wakeups.wake("jobs")
    assert (await asyncio.wait_for(task, 5)).state == "cancelled"


async def test_a_job_that_goes_back_is_not_ended_half_way(store: Store, bus: Bus) -> None:
    """Who cancels an atomic release asked for the way back, however long that takes."""
    on_its_way, back = asyncio.Event(), asyncio.Event()

    async def do(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        asked = asyncio.Event()
        reporter.on_stop(asked.set)
        await asked.wait()
        reporter.more_time()
        on_its_way.set()
        await back.wait()
        raise RefusedError("it is as it was")

    await add(store)
    task = asyncio.create_task(done(bus, do, farewell_s=0.05))
    await until(lambda: _is(store, "running"))
    await store.jobs.cancel((await store.jobs.list())[0].id)
    await bus.wakeups.wake("jobs")
    await on_its_way.wait()
    assert not (await asyncio.wait({task}, timeout=0.3))[0]
    back.set()
    job = await asyncio.wait_for(task, 5)
    assert (job.state, job.error and job.error["detail"]) == ("cancelled", "it is as it was")


@pytest.mark.parametrize("handed_over", [True, False])
async def test_what_stops_knows_whether_others_go_on(store: Store, bus: Bus, handed_over: bool) -> None:
    known: list[bool] = []

    async def do(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        asked = asyncio.Event()
        reporter.on_stop(asked.set)
        await asked.wait()
        known.append(reporter.handed_over)
        raise Stopped("stopped")

    await add(store)
    one = worker(bus, do)
    job = await one.claim()
    assert job is not None
    task = asyncio.create_task(one.do(job))
    await asyncio.sleep(0)
    if handed_over:
        one.drain(5)
    else:
        await store.jobs.cancel(job.id)
        await bus.wakeups.wake("jobs")
    await asyncio.wait_for(task, 5)
    assert known == [handed_over]
    assert (await store.jobs.get(job.id)).state == ("queued" if handed_over else "cancelled")


async def test_a_deadline_ends_a_job(store: Store, bus: Bus, now: FakeNow) -> None:
    await add(store, deadline_at=now() + timedelta(seconds=60))
    patient = Patient(Stopped("stopped"))
    task = asyncio.create_task(done(bus, patient))
    await patient.began.wait()
    now.pass_(seconds=61)
    await bus.wakeups.wake("jobs")
    job = await asyncio.wait_for(task, 5)
    assert (job.state, job.error and job.error["code"]) == ("failed", "job.deadline")


async def test_who_has_lost_its_claim_stops_and_ends_nothing(store: Store, bus: Bus, now: FakeNow) -> None:
    await add(store)
    patient = Patient(Stopped("stopped"))
    task = asyncio.create_task(done(bus, patient))
    await patient.began.wait()
    now.pass_(seconds=31)
    await store.claims.sweep()
    again = await worker(bus, patient, "two").claim()
    assert again is not None
    await bus.wakeups.wake("jobs")
    job = await asyncio.wait_for(task, 5)
    assert (job.state, job.worker, job.attempt) == ("running", "two", 2)


async def test_a_runner_that_is_drained_takes_no_more_and_gives_back_what_runs(store: Store, bus: Bus) -> None:
    patient = Patient(Stopped("stopped"))
    runner = Runner(worker(bus, patient), slots=1)
    task = asyncio.create_task(runner.run())
    first = await add(store)
    await bus.wakeups.wake("jobs")
    await patient.began.wait()
    second = await add(store)
    await runner.drain(0.01)
    await asyncio.wait_for(task, 5)
    for id in (first.id, second.id):
        job = await store.jobs.get(id)
        assert (job.state, job.max_attempts - job.attempt) == ("queued", 3)


async def test_a_drained_runner_lets_jobs_end_that_take_little_time(store: Store, bus: Bus) -> None:
    began = asyncio.Event()

    async def brief(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        began.set()
        await asyncio.sleep(0.05)
        return {}

    runner = Runner(worker(bus, brief))
    task = asyncio.create_task(runner.run())
    await add(store)
    await bus.wakeups.wake("jobs")
    await began.wait()
    await runner.drain(10)
    await task
    assert (await store.jobs.list())[0].state == "succeeded"


async def test_a_runner_does_so_many_at_a_time_and_all_of_them(store: Store, bus: Bus) -> None:
    at_work, most = 0, 0

    async def do(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.2)
        at_work -= 1
        return {}

    for _ in range(9):
        await add(store)
    runner = Runner(worker(bus, do), slots=3)
    task = asyncio.create_task(runner.run())
    await until(lambda: _is(store, "succeeded"))
    await runner.drain(1)
    await task
    assert most == 3


@pytest.mark.parametrize("error", [RefusedError("no"), UnreachableError("away")])
async def test_a_failure_while_draining_is_a_failure(store: Store, bus: Bus, error: Exception) -> None:
    """What ended for a reason of its own is not done again because the worker ends, too."""
    await add(store, max_attempts=1)
    patient = Patient(error)
    one = worker(bus, patient)
    job = await one.claim()
    assert job is not None
    task = asyncio.create_task(one.do(job))
    await patient.began.wait()
    one.drain(5)
    await asyncio.wait_for(task, 5)
    assert (await store.jobs.get(job.id)).state == "failed"


async def _is(store: Store, state: str) -> bool:
    return {job.state for job in await store.jobs.list()} == {state}
