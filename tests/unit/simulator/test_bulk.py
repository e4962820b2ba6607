"""Many guests at once: on a node, and over the whole cluster."""

from __future__ import annotations

from typing import Any

import pytest

from proxmox_mpc.simulator import SteppedClock
from tests.unit.simulator.api import Api, running

SEED: dict[str, Any] = {
    "guests": [
        {"vmid": 101, "type": "qemu", "node": "pve-node1", "config": {"name": "a", "onboot": 1}},
        {
            "vmid": 102,
            "type": "lxc",
            "node": "pve-node1",
            "config": {"hostname": "b", "onboot": 1, "startup": "order=1"},
        },
        {"vmid": 103, "type": "qemu", "node": "pve-node1", "config": {"name": "c"}},
        {"vmid": 104, "type": "qemu", "node": "pve-node2", "config": {"name": "d"}},
    ]
}


async def running_guests(api: Api) -> set[int]:
    return {r["vmid"] for r in await api.get("/cluster/resources", type="vm") if r["status"] == "running"}


async def test_a_node_starts_what_starts_with_it() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", "/nodes/pve-node1/startall") == "OK"
        assert await running_guests(api) == {101, 102}
        tasks = [t["type"] for t in await api.get("/nodes/pve-node1/tasks", limit=3)]
        assert sorted(tasks) == ["qmstart", "startall", "vzstart"]
        assert await api.run("POST", "/nodes/pve-node1/startall", force=1) == "OK"
        assert await running_guests(api) == {101, 102, 103}
        assert await api.run("POST", "/nodes/pve-node1/stopall", vms="101,102") == "OK"
        assert await running_guests(api) == {103}


async def test_bulk_actions_reach_every_node() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", "/cluster/bulk-action/guest/start", vms=[103, 104]) == "OK"
        assert await running_guests(api) == {103, 104}
        assert await api.run("POST", "/cluster/bulk-action/guest/shutdown") == "OK"
        assert await running_guests(api) == set()


async def test_one_failure_is_a_warning() -> None:
    async with running(seed=SEED) as api:
        api.sim.cluster.guests[103].live["lock"] = "backup"
        assert await api.run("POST", "/cluster/bulk-action/guest/start", vms=[103, 104]) == "WARNINGS: 1"
        assert await running_guests(api) == {104}


async def test_node_is_emptied() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", "/nodes/pve-node1/migrateall", target="pve-node3", vms="101,102") == "OK"
        where = {r["vmid"]: r["node"] for r in await api.get("/cluster/resources", type="vm")}
        assert (where[101], where[102], where[103]) == ("pve-node3", "pve-node3", "pve-node1")


async def test_guests_of_a_node_that_is_off_are_left_alone() -> None:
    async with running(seed=SEED) as api:
        api.sim.faults.node_down("pve-node2")
        assert await api.run("POST", "/cluster/bulk-action/guest/start") == "OK"
        assert await running_guests(api) == {101, 102, 103}


async def test_guests_start_in_order_and_stop_in_reverse() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", "/nodes/pve-node1/startall", force=1) == "OK"
        assert await api.run("POST", "/nodes/pve-node1/suspendall", vms="101") == "OK"
        assert (await api.get("/nodes/pve-node1/qemu/101/config"))["lock"] == "suspended"
        assert await api.run("POST", "/nodes/pve-node1/stopall") == "OK"
        tasks = [t for t in reversed(await api.get("/nodes/pve-node1/tasks")) if t["id"]]
        started = [t["id"] for t in tasks if t["type"].endswith("start")]
        stopped = [t["id"] for t in tasks if t["type"].endswith("shutdown")]
        assert started == ["102", "101", "103"]
        assert stopped == ["103", "102"]


async def together(workers: int | None, datacenter: int | None) -> int:
    """The most tasks that a bulk start of eight guests has running at a time."""
    guests = [{"vmid": 100 + n, "type": "qemu", "node": "pve-node1", "config": {"name": f"g{n}"}} for n in range(8)]
    clock = SteppedClock()
    async with running(clock=clock, time_scale=1.0, seed={"guests": guests}) as api:
        if datacenter is not None:
            await api.do("PUT", "/cluster/options", max_workers=datacenter)
        params = {} if workers is None else {"max-workers": workers}
        await api.do("POST", "/cluster/bulk-action/guest/start", **params)
        most = 0
        for _ in range(60):
            await clock.pass_time(0.5)
            tasks = api.sim.cluster.tasks.values()
            most = max(most, sum(task.type == "qmstart" and task.status is None for task in tasks))
        assert await running_guests(api) == set(range(100, 108))
        return most


@pytest.mark.parametrize(
    ("workers", "datacenter", "most"), [(None, None, 4), (None, 2, 2), (3, None, 3), (8, 2, 8), (1, None, 1)]
)
async def test_so_many_guests_are_worked_on_at_a_time(workers: int | None, datacenter: int | None, most: int) -> None:
    assert await together(workers, datacenter) == most
