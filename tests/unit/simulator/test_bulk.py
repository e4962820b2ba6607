"""Many guests at once: on a node, and over the whole cluster."""

from __future__ import annotations

from typing import Any

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
