"""Guests that high availability holds: the manager is asked, waited for, and never contradicted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.plan import Blocked
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds import _guest_ha
from proxmox_mpc.kinds._field import Impact
from tests.lab import Lab, lab

ONE, TWO, THREE = "pve-node1", "pve-node2", "pve-node3"
ALLOWED = {"adopt": True, "allow": Impact.MIGRATE}
VM = {"vmid": 150, "type": "qemu", "node": ONE, "config": {"name": "web", "memory": 512}}
CT = {
    "vmid": 151,
    "type": "lxc",
    "node": ONE,
    "config": {"hostname": "db", "rootfs": "shared-nfs:151/vm-151-disk-0.raw,size=1G"},
}


def vm(**spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "VirtualMachine", "metadata": {"name": "web"}}
    return yaml.safe_dump({**head, "spec": spec})


def container(**spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "Container", "metadata": {"name": "db"}}
    return yaml.safe_dump({**head, "spec": spec})


def held(sid: str, **spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "HAResource", "metadata": {"name": sid}}
    return "---\n" + yaml.safe_dump({**head, "spec": spec})


@asynccontextmanager
async def under_ha(state: str = "started", **options: Any) -> AsyncIterator[Lab]:
    """A VM and a container on the first node that HA brought to this state."""
    async with lab(seed={"guests": [VM, CT]}, **options) as it:
        for sid in ("vm:150", "ct:151"):
            await it.pve.post("/cluster/ha/resources", {"sid": sid, "state": state})
        wanted = "running" if state == "started" else "stopped"
        for kind, name in (("vm", "web"), ("ct", "db")):
            while (await it.live(kind, name)).fields["state"] != wanted:
                pass
        yield it


def tasks(it: Lab) -> list[str]:
    """What was asked of guests, but for their configuration."""
    kinds = [upid.split(":")[5] for upid in it.journal.upids.values()]
    return [kind for kind in kinds if kind != "qmconfig"]


def said(it: Lab) -> list[str]:
    return [progress.text for progress in it.progress if progress.what == "request"]


async def test_power_is_the_managers_and_is_waited_for() -> None:
    async with under_ha() as it:
        stopped = vm(state="stopped") + "---\n" + container(state="stopped")
        await it.apply(stopped, **ALLOWED | {"allow": Impact.STOP_START})
        assert [(await it.live(kind, name)).facts["status"] for kind, name in (("vm", "web"), ("ct", "db"))] == [
            "stopped",
            "stopped",
        ]
        assert (await it.live("har", "vm:150")).fields["state"] == "stopped"
        assert (await it.plan(stopped)).is_empty
        running = vm(state="running") + "---\n" + container(state="running")
        await it.apply(running)
        assert sorted(tasks(it)) == ["hastart", "hastart", "hastop", "hastop"]
        assert (await it.live("vm", "web")).facts["status"] == "running"
        assert (await it.plan(running)).is_empty


async def test_what_the_manager_does_later_is_waited_for_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async with under_ha() as it:
        # A manager without quorum decides nothing: as if its next round was still to come.
        looks = 0
        guest = it.sim.cluster.guests[150]

        async def soon(seconds: float) -> None:
            nonlocal looks
            looks += 1
            if looks == 3:
                guest.run, guest.node = None, TWO

        monkeypatch.setattr("tests.lab._soon", soon)
        monkeypatch.setattr("proxmox_mpc.simulator.daemons.ha.manager.play_round", lambda cluster: False)
        plan = await it.plan(vm(state="stopped"), **ALLOWED | {"allow": Impact.STOP_START})
        outcomes = await it.execute(plan)
        assert looks >= 3
        assert "waits for the HA manager" in said(it)
        assert outcomes[0].identity == {"vmid": 150, "node": TWO}


async def test_a_manager_that_does_nothing_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_guest_ha, "TIMEOUT_S", 0)
    monkeypatch.setattr("proxmox_mpc.simulator.daemons.ha.manager.play_round", lambda cluster: False)
    async with lab(seed={"guests": [VM]}) as it:
        await it.pve.post("/cluster/ha/resources", {"sid": "vm:150", "state": "stopped"})
        with pytest.raises(ApplyFailed, match="was asked to start, and did not in 0 s"):
            await it.apply(vm(state="running"), **ALLOWED)


async def test_a_guest_that_the_manager_gave_up_says_what_to_do() -> None:
    async with lab(seed={"guests": [VM]}) as it:
        it.sim.faults.fail_task("qmstart", "no memory left", times=-1)
        resource = {"sid": "vm:150", "state": "stopped", "max_restart": 0, "max_relocate": 0}
        await it.pve.post("/cluster/ha/resources", resource)
        with pytest.raises(ApplyFailed, match="has given up on it") as caught:
            await it.apply(vm(state="running"), **ALLOWED)
        assert "set the state of HAResource vm:150 to disabled" in str(caught.value)


async def test_the_node_is_the_managers_and_another_one_in_the_manifest_is_only_noted() -> None:
    async with under_ha() as it:
        here = vm(node=ONE) + "---\n" + container(node=ONE)
        await it.apply(here, **ALLOWED)
        there = vm(node=TWO) + "---\n" + container(node=TWO)
        for _ in range(2):
            plan = await it.plan(there, allow=Impact.MIGRATE)
            assert plan.is_empty
            assert {step.note for step in plan.steps} == {"the HA manager decides where it runs, not spec.node"}
            await it.execute(plan)
        assert tasks(it) == []
        assert [it.sim.cluster.guests[vmid].node for vmid in (150, 151)] == [ONE, ONE]
        it.sim.faults.node_down(ONE)
        while it.sim.cluster.guests[150].node == ONE or not it.sim.cluster.guests[150].is_running:
            await it.pve.get("/version")
        assert (await it.plan(vm(node=ONE, state="running"))).is_empty, "where the manager puts it is no drift"


async def test_once_ha_lets_go_of_a_guest_the_node_in_its_manifest_counts() -> None:
    async with under_ha() as it:
        await it.apply(vm(node=ONE), **ALLOWED)
        await it.apply(vm(node=TWO))
        await it.pve.delete("/cluster/ha/resources/{sid}", {"sid": "vm:150"})
        await it.apply(vm(node=TWO), allow=Impact.MIGRATE)
        assert it.sim.cluster.guests[150].node == TWO


async def test_a_guest_that_moved_after_the_plan_is_changed_where_it_is() -> None:
    async with under_ha() as it:
        plan = await it.plan(vm(onboot=True), **ALLOWED)
        it.sim.cluster.guests[150].node = THREE
        it.sim.cluster.guests[150].touch()
        await it.execute(plan)
        assert it.sim.cluster.guests[150].live["onboot"] == "1"


@pytest.mark.parametrize(
    ("guest", "resource", "kept"),
    [
        (vm(state="stopped"), held("vm:150"), "running"),
        (vm(state="stopped"), held("vm:150", state="started"), "running"),
        (vm(state="running"), held("vm:150", state="stopped"), "stopped"),
        (container(state="running"), held("ct:151", state="disabled"), "stopped"),
    ],
)
async def test_power_and_ha_that_contradict_each_other_are_refused_at_their_place(
    guest: str, resource: str, kept: str
) -> None:
    async with lab(seed={"guests": [VM, CT]}) as it:
        with pytest.raises(InvalidInput, match=f"so the HA manager keeps it {kept}") as caught:
            await it.plan(guest + resource, adopt=True)
        assert caught.value.place is not None
        assert "spec.state" in str(caught.value)


async def test_an_ignored_guest_is_switched_by_pve_itself() -> None:
    async with lab(seed={"guests": [VM]}) as it:
        both = vm(state="running") + held("vm:150", state="ignored")
        await it.apply(both, adopt=True)
        await it.apply(both.replace("running", "stopped"), allow=Impact.STOP_START)
        assert tasks(it) == ["qmstart", "qmshutdown"]


async def test_a_held_guest_is_deleted_with_its_ha_resource_or_not_at_all() -> None:
    async with under_ha() as it:
        guest, resource = await it.live("vm", "web"), await it.live("har", "vm:150")
        before = it.writes()
        with pytest.raises(Blocked, match="is held by HAResource vm:150") as caught:
            await it.delete(guest)
        assert "proxmox-cli delete haresource vm:150" in caught.value.hint
        assert it.writes() == before
        await it.delete(guest, resource)
        assert 150 not in it.sim.cluster.guests
        assert [path for method, path in it.writes() if method == "DELETE"] == [
            "/cluster/ha/resources/vm:150",
            f"/nodes/{ONE}/qemu/150",
        ]


async def test_a_held_guest_is_pruned_with_its_ha_resource_or_not_at_all() -> None:
    async with lab(seed={"guests": [VM]}) as it:
        both = vm(onboot=True) + held("vm:150", state="stopped")
        await it.apply(both, adopt=True)
        pool = "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: other }\nspec: {}\n"
        with pytest.raises(Blocked, match="is held by HAResource vm:150"):
            await it.apply(
                pool + held("vm:150", state="stopped"), prune=True, allow=Impact.DATA_LOSS, most_deletions=99
            )
        assert 150 in it.sim.cluster.guests
        await it.apply(pool, prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
        assert 150 not in it.sim.cluster.guests
