"""Nodes reboot, shut down and are woken up; their guests stop, start and move in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.simulator.api import running
from tests.unit.simulator.test_ha import ONE, TWO, Ha, ct, ha, vm


async def command(it: Ha, word: str, node: str = ONE) -> None:
    await it.api.do("POST", f"/nodes/{node}/status", command=word)


async def online(it: Ha) -> set[str]:
    return {n["node"] for n in await it.api.get("/nodes") if n["status"] == "online"}


async def test_a_node_reboots() -> None:
    async with ha(vm(100, status="running", onboot=1), vm(101, status="running"), ct(102, TWO, "running")) as it:
        before = (await it.api.get(f"/nodes/{ONE}/status"))["uptime"]
        await command(it, "reboot")
        await it.clock.pass_time(20)
        assert await it.runs() == {102: TWO}
        await it.clock.pass_time(20)
        assert await online(it) == {TWO, "pve-node3"}
        assert (await it.api.call("GET", f"/nodes/{ONE}/qemu")).status == 595
        await it.clock.pass_time(120)
        assert await it.runs() == {100: ONE, 102: TWO}
        assert (await it.api.get(f"/nodes/{ONE}/status"))["uptime"] < 120 < before
        assert await it.tasks(ONE) == ["stopall", "qmshutdown", "qmshutdown", "startall", "qmstart"]


async def test_a_node_that_leaves_the_cluster_while_it_reboots_does_not_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ha() as it:
        await command(it, "reboot", TWO)
        await it.clock.pass_time(30)
        await (await it.api.as_root()).do("DELETE", f"/cluster/config/nodes/{TWO}")
        await it.clock.pass_time(200)
        assert await online(it) == {ONE, "pve-node3"}
    assert "stumbled" not in caplog.text


async def test_a_node_that_is_shut_down_waits_to_be_woken() -> None:
    async with ha(vm(100, TWO, "running", onboot=1)) as it:
        await command(it, "shutdown", TWO)
        await it.clock.pass_time(600)
        assert TWO not in await online(it)
        refused = await it.api.call("POST", f"/nodes/{TWO}/wakeonlan")
        assert "No wake on LAN MAC address defined" in refused.reason
        it.api.sim.cluster.files.setdefault("nodes", {})[TWO] = {"wakeonlan": "BC:24:11:00:00:07"}
        assert await it.api.do("POST", f"/nodes/{TWO}/wakeonlan") == "BC:24:11:00:00:07"
        await it.clock.pass_time(30)
        assert await it.runs() == {100: TWO}


@pytest.mark.parametrize(
    ("policy", "word", "meanwhile", "afterwards"),
    [
        ("conditional", "reboot", {}, {100: ONE}),
        ("freeze", "reboot", {}, {100: ONE}),
        ("failover", "reboot", {100: TWO}, {100: TWO}),
        ("conditional", "shutdown", {100: TWO}, {100: TWO}),
        ("migrate", "reboot", {100: TWO}, {100: ONE}),
        ("migrate", "shutdown", {100: TWO}, {100: TWO}),
    ],
)
async def test_resources_follow_the_shutdown_policy(
    policy: str, word: str, meanwhile: dict[int, str], afterwards: dict[int, str]
) -> None:
    async with ha(vm(100)) as it:
        await it.api.do("POST", "/cluster/ha/resources", sid="vm:100")
        await it.api.do("PUT", "/cluster/options", ha=f"shutdown_policy={policy}")
        await it.clock.pass_time(30)
        await command(it, word)
        await it.clock.pass_time(90)
        assert await it.runs() == meanwhile
        await it.clock.pass_time(300)
        assert await it.runs() == afterwards
        stops = [t for t in await it.tasks() if t == "qmshutdown"]
        assert len(stops) == (0 if policy == "migrate" else 1)


async def test_without_waiting_a_reboot_is_over_at_once() -> None:
    seed: dict[str, Any] = {"guests": [vm(100, status="running", onboot=1), vm(101, status="running")]}
    async with running(seed=seed) as api:
        await api.do("POST", "/cluster/ha/resources", sid="vm:101")
        await api.do("PUT", "/cluster/options", ha="shutdown_policy=migrate")
        await api.do("POST", f"/nodes/{ONE}/status", command="reboot")
        for _ in range(200):
            await asyncio.sleep(0)
        rows = {r["vmid"]: (r["node"], r["status"]) for r in await api.get("/cluster/resources", type="vm")}
        assert rows[100] == rows[101] == (ONE, "running")
        kinds = [t["type"] for t in await api.get("/cluster/tasks")]
        assert kinds.count("qmigrate") == 2, "away and back"


async def test_a_task_on_a_node_that_loses_power_is_gone() -> None:
    async with ha(vm(100, status="running")) as it:
        upid = await it.api.do("POST", f"/nodes/{ONE}/vzdump", vmid=100, storage="shared-nfs")
        await it.clock.pass_time(0)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(300)
        it.api.sim.faults.node_up(ONE)
        assert await it.api.ended(upid) == "received interrupt"
        assert await it.api.get(f"/nodes/{ONE}/storage/shared-nfs/content", content="backup") == []
