import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.store import ApplyBusy, Run, Store
from proxmox_mpc.store.errors import RunOver
from tests.unit.store.conftest import FakeNow


async def begin(store: Store, pid: int | None = None, host: str = "here", app: str = "web", **more: Any) -> Run:
    return await store.runs.begin("home", app, "apply", "ann", pid or os.getpid(), host, "hash", **more)


def dead_pid() -> int:
    """The number of a process that just ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_a_run_is_journalled_step_by_step(store: Store, now: FakeNow) -> None:
    run = await begin(store)
    first = await store.runs.sending(run.id, "create", "VirtualMachine/web", "POST", "/nodes/pve1/qemu")
    second = await store.runs.sending(run.id, "create", "Pool/web", "POST", "/pools")
    await store.runs.accepted(run.id, first, "UPID:pve1:x")
    await store.runs.done(run.id, first)
    await store.runs.failed(run.id, second, "it exists already")
    entries = await store.runs.journal(run.id)
    assert (first, second) == (1, 2)
    assert [(e.seq, e.state, e.upid, e.error) for e in entries] == [
        (1, "done", "UPID:pve1:x", ""),
        (2, "failed", "", "it exists already"),
    ]
    now.pass_(seconds=5)
    await store.runs.finish(run.id, "failed", {"failed": 1})
    ended = await store.runs.get(run.id)
    assert (ended.status, ended.summary, ended.ended_at) == ("failed", {"failed": 1}, now())


async def test_parallel_steps_get_numbers_of_their_own(store: Store) -> None:
    run = await begin(store)
    numbers = await asyncio.gather(*(store.runs.sending(run.id, "create", "x", "POST", "/") for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))


async def test_runs_of_dead_processes_are_unfinished(store: Store) -> None:
    dead = await begin(store, dead_pid())
    seq = await store.runs.sending(dead.id, "create", "VirtualMachine/web", "POST", "/nodes/pve1/qemu")
    [(run, entries)] = await store.runs.unfinished("home", host="here")
    assert run == dead
    assert [(e.seq, e.state) for e in entries] == [(seq, "sending")]
    assert await store.runs.unfinished("lab", host="here") == []
    await store.runs.finish(dead.id, "interrupted", {})
    assert len(await store.runs.unfinished("home", host="here")) == 1, "its request has no known end yet"
    await store.runs.failed(dead.id, seq, "its answer was never seen")
    assert await store.runs.unfinished("home", host="here") == []


async def test_living_and_foreign_processes_are_left_alone(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    await begin(store)
    await begin(store, dead_pid(), host="elsewhere", app="db")
    assert await store.runs.unfinished("home", host="here") == []


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="process start times are known on Linux only")
async def test_a_number_that_was_used_again_is_not_the_old_process(store: Store, now: FakeNow) -> None:
    now.at = datetime(2020, 1, 1, tzinfo=UTC)  # this process is younger than that
    run = await begin(store)
    assert [found.id for found, _ in await store.runs.unfinished("home", host="here")] == [run.id]


async def test_runs_are_listed_newest_first(store: Store, now: FakeNow) -> None:
    first = await begin(store)
    now.pass_(seconds=1)
    second = await begin(store, app="db")
    assert await store.runs.list("home") == [second, first]
    assert await store.runs.list("home", limit=1) == [second]


async def test_what_is_unknown_is_said_to_be(store: Store) -> None:
    run = await begin(store)
    with pytest.raises(NotFoundError):
        await store.runs.get("nope")
    with pytest.raises(NotFoundError):
        await store.runs.finish("nope", "failed", {})
    with pytest.raises(NotFoundError):
        await store.runs.accepted(run.id, 9, "")


async def test_one_process_at_a_time_works_on_an_application(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    first = await begin(store)
    with pytest.raises(ApplyBusy, match=f"process {os.getpid()} on here"):
        await begin(store)
    await begin(store, app="db")
    await store.runs.finish(first.id, "succeeded", {})
    await begin(store)


async def test_only_one_of_many_that_begin_at_once_may(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    began = await asyncio.gather(*(begin(store) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, Run) for each in began) == 1
    assert sum(isinstance(each, ApplyBusy) for each in began) == 7


async def test_a_plan_from_before_the_last_run_ended_is_refused(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    planned_at = now()
    first = await begin(store)
    now.pass_(seconds=1)
    await store.runs.finish(first.id, "succeeded", {})
    with pytest.raises(ApplyBusy, match="ended only after this plan was made"):
        await begin(store, planned_at=planned_at)
    now.pass_(seconds=1)
    await begin(store, planned_at=now())


async def test_a_dead_process_keeps_nobody_out(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    await begin(store, dead_pid())
    await begin(store)


async def test_a_run_of_another_machine_keeps_others_out_for_a_while(store: Store, now: FakeNow) -> None:
    now.at = datetime.now(UTC)
    await begin(store, host="elsewhere")
    with pytest.raises(ApplyBusy, match="on elsewhere"):
        await begin(store)
    now.pass_(hours=7)
    await begin(store)


async def test_who_slept_while_its_run_was_closed_sends_nothing_more(store: Store) -> None:
    run = await begin(store, job="j1")
    await store.runs.sending(run.id, "1", "VM a", "POST", "/x")
    await store.runs.finish(run.id, "interrupted", {})
    with pytest.raises(RunOver):
        await store.runs.sending(run.id, "2", "VM b", "POST", "/y")
    assert len(await store.runs.journal(run.id)) == 1


async def test_a_run_of_a_job_that_others_do_by_now_is_unfinished_though_its_process_lives(store: Store) -> None:
    mine = await begin(store, host="elsewhere", job="j1")
    other = await begin(store, app="db", host="elsewhere", job="j2")
    assert await store.runs.unfinished("home", host="here") == []
    found = [run.application for run, _ in await store.runs.unfinished("home", host="here", dead_job="j1")]
    assert found == [mine.application]
    assert [run.id for run in await store.runs.of_job("j2")] == [other.id]
