"""Sets of guests: they stand for ordinary guests, grow and shrink, and change a few replicas at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.plan import Action, Blocked
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._placement import NoPlace
from proxmox_mpc.simulator.state.clock import SteppedClock
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

VM = {"memory": 64, "disks": [{"storage": "local-lvm", "size": "1G"}]}
RESTART = Impact.RESTART


def a_set(guest: dict[str, Any] | None = None, **spec: Any) -> str:
    whole = {"kind": "VirtualMachine", "replicas": 3, "template": {"spec": VM if guest is None else guest}, **spec}
    return yaml.safe_dump(manifest("GuestSet", "web", whole))


async def names(it: Lab, kind: str = "vm") -> list[str]:
    return sorted(live.key.name for live in await it.lives(kind) if live.key.name.startswith("web"))


async def settled(it: Lab, text: str, **leave: Any) -> None:
    await it.apply(text, **leave)
    plan = await it.plan(text)
    assert plan.is_empty, [(s.key, s.action, s.changes) for s in plan.work]


async def test_the_life_of_a_set() -> None:
    async with lab() as it:
        await settled(it, a_set())
        assert await names(it) == ["web-0", "web-1", "web-2"]
        [whole] = await it.lives("guestset")
        assert (whole.facts["present"], whole.facts["running"]) == (3, 0)
        uids = {live.mark.uid for live in await it.lives("vm") if live.mark}
        assert len(uids) == 3, "each replica is owned by itself"
        await settled(it, a_set({**VM, "memory": 128}))
        assert {live.fields["memory"] for live in await it.lives("vm") if live.mark} == {128}
        await settled(it, a_set())
        await settled(it, a_set(replicas=5))
        assert await names(it) == ["web-0", "web-1", "web-2", "web-3", "web-4"]
        sets, guests = await it.lives("guestset"), [live for live in await it.lives("vm") if live.mark]
        await it.delete(*sets, *guests)
        assert (await names(it), it.journal.owned) == ([], {})


FIELDS = {
    "ordinals": {"start": 1},
    "names": "web{ordinal}",
    "vmids": {"start": 700},
    "ipRange": "10.0.0.20-10.0.0.60/24",
    "placement": "binpack",
    "update": {"maxUnavailable": 2, "order": "ascending"},
}


@pytest.mark.parametrize("name", FIELDS)
async def test_every_field_of_a_set_can_be_set_and_taken_out_again(name: str) -> None:
    async with lab() as it:
        await settled(it, a_set())
        changed = a_set(**{name: FIELDS[name]})
        plan = await it.plan(changed)
        assert [s.changes for s in plan.work if s.key.kind == "GuestSet"] != [], "nobody would notice"
        if name == "vmids":
            return  # of guests that are there, VMIDs do not change: that needs new ones
        await settled(it, changed, allow=Impact.DATA_LOSS)
        await settled(it, a_set(), allow=Impact.DATA_LOSS)
        assert await names(it) == ["web-0", "web-1", "web-2"]


async def test_a_set_of_containers() -> None:
    box = {
        "ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst",
        "rootfs": {"storage": "local-lvm", "size": "1G"},
    }
    async with lab() as it:
        await settled(it, a_set(box, kind="Container", replicas=2, vmids={"start": 300}))
        assert {live.key.name: live.identity["vmid"] for live in await it.lives("ct") if live.mark} == {
            "web-0": 300,
            "web-1": 301,
        }


async def test_a_smaller_set_loses_its_highest_ordinals_and_only_with_leave() -> None:
    async with lab() as it:
        await it.apply(a_set())
        with pytest.raises(Blocked, match="web-2: deleting it costs data loss"):
            await it.apply(a_set(replicas=2))
        plan = await it.plan(a_set(replicas=1), allow=Impact.DATA_LOSS)
        assert {step.key.name: step.note.partition(",")[0] for step in plan.steps if step.action is Action.DELETE} == {
            "web-1": "GuestSet default/web has it no more",
            "web-2": "GuestSet default/web has it no more",
        }
        await settled(it, a_set(replicas=1), allow=Impact.DATA_LOSS)
        assert await names(it) == ["web-0"]


async def test_a_set_that_no_manifest_names_any_more_stays_until_it_is_pruned() -> None:
    async with lab() as it:
        await it.apply(a_set())
        plan = await it.plan("")
        assert plan.is_empty
        assert "VirtualMachine default/web-0" in plan.notes[0]
        await it.apply("", prune=True, allow=Impact.DATA_LOSS, most_deletions=9)
        assert (await names(it), it.journal.owned) == ([], {})


async def test_a_replica_that_vanished_is_made_anew() -> None:
    async with lab() as it:
        await it.apply(a_set(vmids={"start": 700}))
        victim = await it.live("vm", "web-1")
        await it.pve.wait(await it.pve.delete("/nodes/{node}/qemu/{vmid}", victim.identity))
        plan = await it.plan(a_set(vmids={"start": 700}))
        assert [(s.key.name, s.action, s.note) for s in plan.work] == [
            ("web-1", Action.CREATE, "was deleted outside; is made anew")
        ]
        await settled(it, a_set(vmids={"start": 700}))
        assert (await it.live("vm", "web-1")).identity["vmid"] == 701


async def test_guests_that_are_there_become_the_replicas_of_a_set_when_they_are_adopted() -> None:
    async with lab() as it:
        alone = yaml.safe_dump_all([manifest("VirtualMachine", f"web-{n}", VM) for n in range(3)])
        await it.apply(alone)
        for live in await it.lives("vm"):
            if live.mark:
                await it.pve.put("/nodes/{node}/qemu/{vmid}/config", {**live.identity, "delete": "description,tags"})
        it.journal.owned.clear()
        plan = await it.plan(a_set(), adopt=True)
        assert {step.key.name: step.action for step in plan.work} == {
            "web": Action.CREATE,
            **dict.fromkeys(["web-0", "web-1", "web-2"], Action.ADOPT),
        }
        await it.execute(plan)
        await settled(it, a_set())


async def test_a_lost_store_changes_nothing_and_takes_nothing_away() -> None:
    async with lab() as it:
        await it.apply(a_set())
        it.journal.owned.clear()
        plan = await it.plan(a_set(replicas=2), allow=Impact.DATA_LOSS)
        assert [(s.key.kind, s.action) for s in plan.work] == [("GuestSet", Action.CREATE)]
        await it.execute(plan)
        assert await names(it) == ["web-0", "web-1", "web-2"]


async def test_names_addresses_and_vmids_follow_the_ordinals() -> None:
    guest = {
        **VM,
        "description": "replica {ordinal} of {name} at {address}; {{guestname}}",
        "cloudInit": {"storage": "local-lvm", "ipConfig": [{"ip": "{cidr}", "gateway": "10.0.0.1"}]},
    }
    text = a_set(
        guest, ordinals={"start": 5}, names="{name}{ordinal}", ipRange="10.0.0.20-10.0.0.60/24", vmids={"start": 700}
    )
    async with lab() as it:
        await settled(it, text)
        web6 = await it.live("vm", "web6")
        assert web6.identity["vmid"] == 706
        assert web6.fields["description"] == "replica 6 of web at 10.0.0.26; {{guestname}}"
        assert web6.fields["cloudInit.ipConfig.ipconfig0.ip"] == "10.0.0.26/24"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (a_set(ipRange="10.0.0.20-10.0.0.21/24"), r"spec.ipRange: it ends before ordinal 2"),
        (a_set(ipRange="10.0.0.20"), r"spec.ipRange: '10.0.0.20' is no range"),
        (a_set({"vmid": 100}), r"spec.template.spec.vmid: the replicas cannot all have it"),
        (a_set({"memry": 1}), r"spec.memry: there is no such field"),
        (a_set(names="web"), r"spec.names: 'web' does not have the right form"),
        (a_set() + "---\n" + yaml.safe_dump(manifest("VirtualMachine", "web-1", VM)), r"web-1 is declared twice"),
    ],
)
async def test_mistakes_are_found_where_they_stand(text: str, problem: str) -> None:
    async with lab() as it:
        with pytest.raises(InvalidInput, match=problem) as said:
            it.resources(text)
        place = said.value.place
        assert place is not None
        if "memry" in problem:
            assert "memry" in text.splitlines()[place.line - 1], "in the template, not in a replica that nobody wrote"


@pytest.mark.parametrize(
    ("placement", "spread"), [("spread", [1, 1, 1]), ("together", [3]), ("apart", [1, 1, 1]), ("binpack", [3])]
)
async def test_replicas_are_placed_by_what_the_set_says(placement: str, spread: list[int]) -> None:
    async with lab() as it:
        await it.apply(a_set(placement=placement))
        nodes = [live.identity["node"] for live in await it.lives("vm") if live.mark]
        assert sorted(nodes.count(node) for node in set(nodes)) == spread
        if placement == "apart":
            with pytest.raises(NoPlace, match="has another replica"):
                await it.plan(a_set(placement=placement, replicas=4))
        elif placement == "spread":
            await it.apply(a_set(placement=placement, replicas=6))
            nodes = [live.identity["node"] for live in await it.lives("vm") if live.mark]
            assert {nodes.count(node) for node in nodes} == {2}


# -- any set ----------------------------------------------------------------------------------------------------------

SETS = st.fixed_dictionaries(
    {"replicas": st.integers(0, 5)},
    optional={
        "ordinals": st.fixed_dictionaries({"start": st.integers(0, 7)}),
        "vmids": st.fixed_dictionaries({"start": st.integers(700, 710)}),
        "names": st.sampled_from(["{name}-{ordinal}", "web{ordinal}-x"]),
    },
)


@given(SETS)
def test_names_and_vmids_of_any_set_are_unique_and_those_of_a_larger_one_include_them(spec: dict[str, Any]) -> None:
    def keyed(replicas: int) -> dict[str, Any]:
        found = Lab(None, None).resources(a_set(**{**spec, "replicas": replicas}))  # type: ignore[arg-type]
        return {r.key.name: r.fields.get("vmid") for r in found[1:]}

    few, more = keyed(spec["replicas"]), keyed(spec["replicas"] + 2)
    assert len(few) == spec["replicas"]
    assert few.items() <= more.items()
    vmids = [vmid for vmid in more.values() if vmid is not None]
    assert len(set(vmids)) == len(vmids)


async def kept(it: Lab) -> dict[str, Any]:
    return {
        live.key.name: (live.fields["memory"], live.identity["vmid"] if live.identity["vmid"] >= 700 else 0)
        for live in await it.lives("vm")
        if live.mark
    }


@given(st.tuples(SETS, SETS))
def test_a_set_that_was_another_before_is_as_if_it_had_always_been(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = pair
    # A VMID is a guest's for good: a set that has some cannot give them to guests of another name.
    second = {name: value for name, value in second.items() if name not in ("vmids", "names")}
    second |= {name: first[name] for name in ("vmids", "names") if name in first and "vmids" in first}

    async def both() -> None:
        async with lab() as it:
            await it.apply(a_set(**first))
            await settled(it, a_set(**second), allow=Impact.DATA_LOSS)
            one = await kept(it)
        async with lab() as it:
            await settled(it, a_set(**second))
            assert await kept(it) == one

    asyncio.run(both())


# -- rolling ----------------------------------------------------------------------------------------------------------

RUNNING = {**VM, "state": "running"}


@asynccontextmanager
async def watched(**spec: Any) -> AsyncIterator[tuple[Lab, list[set[str]]]]:
    """A running set, and after it every moment's replicas that do not run; time goes by as nobody waits for it."""
    clock = SteppedClock()
    down: list[set[str]] = []

    async with lab(clock=clock, time_scale=1) as it:

        async def watch() -> None:
            while True:
                await clock.pass_time(0.5)
                guests = it.sim.cluster.guests.values()
                down.append({g.name for g in guests if g.name.startswith("web") and not g.is_running})
                await asyncio.sleep(0.001)

        watching = asyncio.create_task(watch())
        try:
            await it.apply(a_set(RUNNING, **spec))
            down.clear()
            yield it, down
        finally:
            watching.cancel()


def turns(down: list[set[str]]) -> list[str]:
    """The replicas in the order in which they went down."""
    return list(dict.fromkeys(name for moment in down for name in sorted(moment, reverse=True)))


@pytest.mark.parametrize(
    ("update", "at_once", "order"),
    [
        ({}, 1, ["web-4", "web-3", "web-2", "web-1", "web-0"]),
        ({"maxUnavailable": 2, "order": "ascending"}, 2, None),
        ({"maxUnavailable": 5}, 5, None),
    ],
)
async def test_a_change_that_restarts_goes_through_a_few_at_a_time(
    update: dict[str, Any], at_once: int, order: list[str] | None
) -> None:
    async with watched(replicas=5, update=update) as (it, down):
        changed = a_set({**RUNNING, "memory": 128}, replicas=5, update=update)
        with pytest.raises(Blocked):
            await it.apply(a_set({**RUNNING, "state": "stopped"}, replicas=5, update=update))
        await it.apply(changed, allow=RESTART)
        assert max(map(len, down)) == at_once
        assert set(turns(down)) == {f"web-{n}" for n in range(5)}
        assert order is None or turns(down) == order
        assert {
            guest.live["memory"] for guest in it.sim.cluster.guests.values() if guest.name != "debian-12-template"
        } == {"128"}
        assert (await it.plan(changed)).is_empty


async def test_without_leave_to_restart_nothing_goes_down() -> None:
    async with watched() as (it, down):
        await it.apply(a_set({**RUNNING, "memory": 128}))
        assert set().union(*down) == set()


async def test_a_replica_that_does_not_come_back_stops_the_others() -> None:
    async with watched(replicas=4) as (it, down):
        it.sim.faults.fail_task(type="qmreboot", error="no")
        with pytest.raises(ApplyFailed) as said:
            await it.apply(a_set({**RUNNING, "memory": 128}, replicas=4), allow=RESTART)
        assert {o.key.name: o.status for o in said.value.outcomes} == {
            "web-3": "failed", "web-2": "skipped", "web-1": "skipped", "web-0": "skipped",
        }  # fmt: skip
        it.sim.faults.clear()
        plan = await it.apply(a_set({**RUNNING, "memory": 128}, replicas=4), allow=RESTART)
        assert {c.note for s in plan.work if s.key.name == "web-3" for c in s.changes} == {"already written"}
        assert max(map(len, down)) == 1
        assert set(turns(down)) == {f"web-{n}" for n in range(4)}


async def test_what_is_down_comes_up_before_another_goes_down() -> None:
    async with watched() as (it, down):
        victim = await it.live("vm", "web-0")
        await it.pve.wait(await it.pve.post("/nodes/{node}/qemu/{vmid}/status/stop", victim.identity))
        await it.apply(a_set({**RUNNING, "memory": 128}), allow=RESTART)
        assert max(map(len, down)) == 1
        assert turns(down)[0] == "web-0"


async def test_the_next_waits_for_the_agent_where_one_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = {**RUNNING, "agent": True}
    text = a_set(guest, replicas=2)
    async with lab() as it:
        await it.apply(text)
        pings = [path for method, path in it.writes() if path.endswith("/agent/ping")]
        assert len(pings) == 2
        it.sim.faults.answer(
            status=500, reason="QEMU guest agent is not running", method="POST", path="/agent/ping$", times=2
        )
        await it.apply(a_set({**guest, "memory": 128}, replicas=2), allow=RESTART)
        tail = [path.rpartition("/")[2] for method, path in it.writes() if path.endswith(("/reboot", "/ping"))]
        assert tail[2:] == ["reboot", "ping", "ping", "ping", "reboot", "ping"]
