"""A plan carried out: order, journal, failure, locks, loss. The cluster is a stub here; e2e tests have the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from proxmox_mpc.engine.execute import (
    PATIENCE_S,
    ApplyFailed,
    ApplyStopped,
    ClusterLost,
    Execution,
    InternalError,
    Outcome,
)
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.observe import OtherOwner
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.engine.stop import Stop
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View
from proxmox_mpc.pve import AlreadyExists, ClusterUnreachable, ConnectionLost, Locked, NoQuorum, PveError, TaskFailed
from tests.lab import MemoryJournal

UPID = "UPID:pve1:00000001:00000001:00000001:qmcreate:100:root@pam:"
Work = Callable[[Run, str], Awaitable[None]]


def key(name: str) -> Key:
    return Key("Pool", "", name)


def locked(text: str = "can't lock file '/var/lock/x' - got timeout") -> TaskFailed:
    return TaskFailed(text, upid=UPID, exitstatus=text, log=(), cause=Locked(text))


@dataclass
class Stub:
    """A cluster whose answers a test sets: `answers` to requests, `ends` of tasks; an exception is raised."""

    answers: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    free: int = 100

    async def once(self, verb: str, template: str, params: dict[str, Any]) -> Any:
        self.sent.append((template, dict(params)))
        return _next(self.answers)

    async def wait(self, upid: str, *, on_log: Callable[[str], None], log_after_s: float) -> None:
        on_log("working")
        _next(self.ends)

    async def get(self, template: str, params: Any = None) -> Any:
        return str(self.free) if template == "/cluster/nextid" else []


def _next(script: list[Any]) -> Any:
    found = script.pop(0) if script else None
    if isinstance(found, Exception):
        raise found
    return found


class Driver:
    """Does what a test says for each name; without a word, one request that makes the object."""

    def __init__(self, work: Work | None = None) -> None:
        self.work = work
        self.done: list[str] = []

    async def create(self, run: Run, resource: Resource) -> Live:
        name = resource.key.name
        if self.work is not None:
            await self.work(run, name)
        else:
            await run.call("POST", "/pools", {"poolid": name}, title=f"create {name}", makes={"poolid": name})
        self.done.append(name)
        return Live(resource.key, {"poolid": name}, {})


def resource(name: str) -> Resource:
    return Resource(key(name), find_kind("pool").model(), {"comment": "ours"})


def create(name: str, *needs: str) -> Step:
    return Step(key(name), Action.CREATE, needs=tuple(map(key, needs)), resource=resource(name))


@dataclass
class Bench:
    """One execution, with everything that it touches at hand."""

    stub: Stub = field(default_factory=Stub)
    driver: Driver = field(default_factory=Driver)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    told: list[Progress] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)

    async def run(self, *steps: Step) -> list[Outcome]:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        kind = cast(Kind, type("K", (), {"driver": self.driver, "stage": None}))
        plan = Plan("lab", "shop", steps)
        view = View(cast(Any, self.stub))
        uids = iter(f"uid-{n}" for n in range(99))
        run = Execution(
            view,
            lambda name: kind,
            plan,
            self.journal,
            lambda: next(uids),
            self.told.append,
            clock=lambda: sum(self.slept),
            sleep=sleep,
            stop=self.stop,
        )
        return await run.run()

    @property
    def states(self) -> list[str]:
        return list(self.journal.states.values())


async def test_what_is_needed_is_done_first_and_the_rest_at_once() -> None:
    here = asyncio.Barrier(2)

    async def together(run: Run, name: str) -> None:
        if name in ("b", "c"):
            await here.wait()  # neither comes through without the other

    bench = Bench(driver=Driver(together))
    await bench.run(create("d", "b", "c"), create("b", "a"), create("c", "a"), create("a"))
    assert bench.driver.done[0] == "a"
    assert bench.driver.done[-1] == "d"


async def test_a_failure_skips_what_needs_it_and_nothing_else() -> None:
    async def fail(run: Run, name: str) -> None:
        if name == "a":
            raise MpcError("no luck", hint="try again")

    bench = Bench(driver=Driver(fail))
    with pytest.raises(ApplyFailed, match="1 of 4 steps failed; 1 done; 2 left") as failed:
        await bench.run(create("a"), create("b", "a"), create("c", "b"), create("d"))
    assert {o.key.name: o.status for o in failed.value.outcomes} == {
        "a": "failed",
        "b": "skipped",
        "c": "skipped",
        "d": "done",
    }
    assert "no luck" in failed.value.message
    assert "try again" in failed.value.message
    assert failed.value.exit_code == 1
    assert list(bench.journal.owned) == [key("d")]


async def test_a_fault_of_our_own_fails_its_step_alone() -> None:
    async def fault(run: Run, name: str) -> None:
        if name == "a":
            raise KeyError("oops")

    bench = Bench(driver=Driver(fault))
    with pytest.raises(ApplyFailed) as failed:
        await bench.run(create("a"), create("b"))
    [error] = [o.error for o in failed.value.outcomes if o.status == "failed"]
    assert isinstance(error, InternalError)
    assert "test_execute.py" in error.message
    assert bench.driver.done == ["b"]


async def test_an_object_is_known_before_it_is_made_and_remembered_after() -> None:
    bench = Bench()
    seen: list[Owned] = []

    class Watched(MemoryJournal):
        async def sending(self, step: str, resource: str, method: str, path: str) -> int:
            seen.append(self.owned[key("a")])
            return await super().sending(step, resource, method, path)

    bench.journal = Watched()
    await bench.run(create("a"))
    assert seen == [Owned(key("a"), "uid-0", "shop", {"poolid": "a"}, None)]
    assert bench.journal.owned[key("a")] == Owned(key("a"), "uid-0", "shop", {"poolid": "a"}, {"comment": "ours"})
    assert bench.states == ["done"]


async def test_what_was_refused_is_not_known_any_more() -> None:
    bench = Bench(Stub(answers=[PveError("no space", status=500)]))
    with pytest.raises(ApplyFailed):
        await bench.run(create("a"))
    assert bench.journal.owned == {}
    assert bench.states == ["failed"]


@pytest.mark.parametrize(
    ("stub", "state"),
    [
        (Stub(answers=[ConnectionLost("gone")]), "sending"),
        (Stub(answers=[UPID], ends=[ClusterUnreachable("gone")]), "accepted"),
        (Stub(answers=[ClusterUnreachable("never there")]), "failed"),
        (Stub(answers=[Locked("busy")] * 99), "failed"),
    ],
)
async def test_what_may_have_been_carried_out_stays_open_and_known(stub: Stub, state: str) -> None:
    bench = Bench(stub)
    with pytest.raises(ClusterLost) as lost:
        await bench.run(create("a"))
    assert lost.value.exit_code == 7
    assert bench.states == [state]
    assert bench.journal.owned[key("a")].applied is None


async def test_a_cluster_that_is_gone_is_not_asked_again() -> None:
    async def gone(run: Run, name: str) -> None:
        if name == "first":
            raise ClusterUnreachable("gone")

    bench = Bench(driver=Driver(gone))
    many = [create(f"more{n}", "waits") for n in range(3)]
    with pytest.raises(ClusterLost, match="1 of 21 steps failed") as lost:
        await bench.run(create("first"), *[create(f"n{n}") for n in range(16)], create("waits", "n0"), *many)
    skipped = [o.key.name for o in lost.value.outcomes if o.status == "skipped"]
    assert {"waits", "more0", "more1", "more2"} <= set(skipped)


async def test_a_task_that_found_a_lock_is_sent_again_after_ever_longer_pauses() -> None:
    bench = Bench(Stub(answers=[UPID] * 3, ends=[locked(), locked()]))
    await bench.run(create("a"))
    assert len(bench.stub.sent) == 3
    assert bench.slept == [1.0, 2.0]
    assert bench.states == ["done"]
    assert any("waits: can't lock file '/var/lock/x' - got timeout (gives up in 10 min)" in p.text for p in bench.told)


@pytest.mark.parametrize("busy", [Locked("VM is locked (backup)"), NoQuorum("cluster not ready - no quorum?")])
async def test_a_request_that_is_refused_for_a_lock_or_lost_quorum_is_sent_again(busy: PveError) -> None:
    bench = Bench(Stub(answers=[busy] * 3))
    await bench.run(create("a"))
    assert bench.slept == [1.0, 2.0, 4.0]
    assert bench.states == ["done"]
    assert any(f"waits: {busy}" in progress.text for progress in bench.told)


async def test_a_lock_that_stays_and_any_other_failure_end_the_step() -> None:
    bench = Bench(Stub(answers=[UPID] * 99, ends=[locked()] * 99))
    with pytest.raises(ApplyFailed, match="can't lock file"):
        await bench.run(create("a"))
    assert 500 < sum(bench.slept) <= PATIENCE_S
    assert max(bench.slept) == 15.0
    other = Bench(
        Stub(answers=[UPID], ends=[TaskFailed("bad", upid=UPID, exitstatus="bad", log=(), cause=PveError("bad"))])
    )
    with pytest.raises(ApplyFailed, match="bad"):
        await other.run(create("a"))
    assert other.slept == []


async def test_who_asks_to_stop_is_heard_between_requests() -> None:
    async def three_requests(run: Run, name: str) -> None:
        for number in range(3):
            await run.call("POST", "/pools", {"poolid": name, "n": number}, title=f"{name} {number}")
            if name == "first":
                bench.stop.ask()

    bench = Bench(driver=Driver(three_requests))
    with pytest.raises(ApplyStopped) as stopped:
        await bench.run(create("first"), create("later", "first"), create("other", "later"))
    assert len(bench.stub.sent) == 1
    assert bench.states == ["done"], "what was sent was seen to its end"
    assert stopped.value.hint == "to continue: proxmox-cli apply --resume --app shop"
    text = str(stopped.value)
    assert "0 of 3 done; 3 left" in text
    assert "Pool first: stopped halfway" in text
    assert "Pool later: not tried, for it needs Pool first" in text


async def test_who_waits_for_a_lock_hears_it_too() -> None:
    class Busy(Stub):
        async def once(self, verb: str, template: str, params: dict[str, Any]) -> Any:
            self.sent.append((template, dict(params)))
            if len(self.sent) == 3:
                bench.stop.ask()
            raise Locked("busy")

    bench = Bench(Busy())
    with pytest.raises(ApplyStopped):
        await bench.run(create("a"))
    assert len(bench.stub.sent) == 3


async def test_a_wish_to_stop_that_comes_when_all_is_done_is_no_failure() -> None:
    bench = Bench()
    bench.stop.ask()
    assert await bench.run() == []


async def test_the_summary_names_what_failed_what_was_not_tried_and_what_is_done() -> None:
    async def one_fails(run: Run, name: str) -> None:
        if name == "bad":
            raise MpcError("it broke", hint="mend it")

    bench = Bench(driver=Driver(one_fails))
    with pytest.raises(ApplyFailed) as failed:
        await bench.run(create("good"), create("bad"), create("waits", "bad"))
    assert str(failed.value).splitlines() == [
        "1 of 3 steps failed; 1 done; 1 left:",
        "  ✗ Pool bad: it broke",
        "    mend it",
        "  - Pool waits: not tried, for it needs Pool bad",
        "  ✓ Pool good",
    ]
    assert failed.value.hint == "mend the cause, then continue: proxmox-cli apply --resume --app shop"


async def test_what_another_application_took_in_between_is_left_alone() -> None:
    bench = Bench()
    bench.journal.owned[key("a")] = Owned(key("a"), "theirs", "blog", {"poolid": "a"}, {})
    with pytest.raises(ApplyFailed) as failed:
        await bench.run(create("a"))
    assert isinstance(failed.value.outcomes[0].error, OtherOwner)
    assert bench.stub.sent == []
    assert bench.journal.owned[key("a")].application == "blog"


async def test_vmids_are_handed_out_once() -> None:
    given: list[int] = []

    async def take(run: Run, name: str) -> None:
        given.append(await run.reserve_vmid(None))

    class Others(MemoryJournal):
        async def reserve(self, vmid: int, owner: str) -> bool:
            return vmid != 101  # another process was faster

    bench = Bench(driver=Driver(take), journal=Others())
    await bench.run(*[create(f"n{n}") for n in range(4)])
    assert sorted(given) == [100, 102, 103, 104]


async def test_an_interrupted_run_stops_its_steps() -> None:
    started = asyncio.Event()

    async def forever(run: Run, name: str) -> None:
        started.set()
        await asyncio.Event().wait()

    bench = Bench(driver=Driver(forever))
    run = asyncio.create_task(bench.run(create("a"), create("b", "a")))
    await started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert bench.driver.done == []
    assert len(asyncio.all_tasks()) == 1


async def test_an_unchanged_resource_is_remembered_as_it_is_declared_now() -> None:
    bench = Bench()
    owned = Owned(key("a"), "uid", "shop", {"poolid": "a"}, None)
    live = Live(key("a"), {"poolid": "a"}, {})
    assert await bench.run(Step(key("a"), Action.NONE, resource=resource("a"), live=live, owned=owned)) == []
    assert bench.journal.owned[key("a")].applied == {"comment": "ours"}


async def test_what_a_refused_task_left_behind_is_remembered_and_not_made_twice() -> None:
    bench = Bench(Stub(answers=[UPID, AlreadyExists("VM 100 already exists on node 'pve1'")], ends=[locked()]))
    with pytest.raises(ApplyFailed, match="VM 100 already exists"):
        await bench.run(create("a"))
    assert len(bench.stub.sent) == 2
    assert bench.states == ["failed"]
    assert bench.journal.owned[key("a")].applied is None, "the next plan looks for it"


async def test_an_unchanged_resource_that_cannot_be_remembered_fails_alone() -> None:
    class Full(MemoryJournal):
        async def remember(self, owned: Owned) -> None:
            if owned.key == key("same"):
                raise MpcError("the disk is full")
            await super().remember(owned)

    bench = Bench(journal=Full())
    owned = Owned(key("same"), "uid", "shop", {"poolid": "same"}, None)
    live = Live(key("same"), {"poolid": "same"}, {})
    same = Step(key("same"), Action.NONE, resource=resource("same"), live=live, owned=owned)
    with pytest.raises(ApplyFailed, match="the disk is full"):
        await bench.run(same, create("new"))
    assert bench.driver.done == ["new"]
