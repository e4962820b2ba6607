"""The HA manager on a clock moved by hand: it starts, stops, moves, restarts and recovers what it manages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.simulator import Simulator, SteppedClock
from proxmox_mpc.simulator.state.ha import Request
from tests.unit.simulator.api import Api, running

NODES = ("pve-node1", "pve-node2", "pve-node3")
ONE, TWO, THREE = NODES
RESOURCES = "/cluster/ha/resources"


def vm(vmid: int, node: str = ONE, status: str = "stopped", disk: str = "shared-nfs", **config: Any) -> dict[str, Any]:
    drive = {"scsi0": f"{disk}:{vmid}/vm-{vmid}-disk-0.qcow2,size=4G"} if disk == "shared-nfs" else {}
    drive = drive or {"scsi0": f"{disk}:vm-{vmid}-disk-0,size=4G"}
    config = {"name": f"vm{vmid}", "memory": 512, **drive, **config}
    return {"vmid": vmid, "type": "qemu", "node": node, "status": status, "config": config}


def ct(vmid: int, node: str = ONE, status: str = "stopped") -> dict[str, Any]:
    config = {"hostname": f"ct{vmid}", "rootfs": f"shared-nfs:{vmid}/vm-{vmid}-disk-0.raw,size=4G", "memory": 512}
    return {"vmid": vmid, "type": "lxc", "node": node, "status": status, "config": config}


class Ha:
    """A cluster with HA, its clock, and what it says of its resources."""

    def __init__(self, api: Api, clock: SteppedClock) -> None:
        self.api, self.clock = api, clock

    async def rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in await self.api.get("/cluster/ha/status/current")}

    async def state(self, sid: str) -> tuple[str, str]:
        row = (await self.rows())[f"service:{sid}"]
        return row["state"], row["node"]

    async def runs(self) -> dict[int, str]:
        rows = await self.api.get("/cluster/resources", type="vm")
        return {r["vmid"]: r["node"] for r in rows if r["status"] == "running"}

    async def tasks(self, node: str = "") -> list[str]:
        rows = [r for r in await self.api.get("/cluster/tasks") if not node or r["node"] == node]
        return [r["type"] for r in reversed(rows)]

    async def add(self, sid: str, **options: Any) -> None:
        await self.api.do("POST", RESOURCES, sid=sid, **options)


@asynccontextmanager
async def ha(*guests: dict[str, Any], **options: Any) -> AsyncIterator[Ha]:
    clock = SteppedClock()
    async with running(clock=clock, time_scale=1.0, seed={"guests": list(guests)}, **options) as api:
        yield Ha(api, clock)


async def test_resources_come_to_the_state_they_shall_have() -> None:
    async with ha(vm(100), vm(101, status="running"), ct(102), vm(103)) as it:
        await it.add("vm:100")
        await it.add("vm:101", state="stopped")
        await it.add("ct:102", state="started")
        await it.add("vm:103", state="ignored")
        assert await it.state("vm:100") == ("queued", ONE)
        await it.clock.pass_time(60)
        assert await it.runs() == {100: ONE, 102: ONE}
        assert await it.state("vm:100") == ("started", ONE)
        assert await it.state("vm:101") == ("stopped", ONE)
        assert await it.state("vm:103") == ("ignored", ONE)
        assert sorted(await it.tasks()) == ["qmshutdown", "qmstart", "vzstart"]
        rows = await it.rows()
        assert rows["quorum"]["quorate"] == 1
        assert rows["master"]["node"] == ONE
        assert rows[f"lrm:{ONE}"]["status"].startswith(f"{ONE} (active, ")
        assert rows[f"lrm:{TWO}"]["status"].startswith(f"{TWO} (idle, ")
        assert rows["fencing"]["armed-state"] == "armed"
        row = rows["service:vm:100"]
        assert (row["crm_state"], row["request_state"], row["max_restart"]) == ("started", "started", 1)
        current = await it.api.get(f"/nodes/{ONE}/qemu/100/status/current")
        assert current["ha"] == {"managed": 1, "state": "started"}


async def test_requests_for_a_managed_guest_go_to_the_manager() -> None:
    async with ha(vm(100)) as it:
        await it.add("vm:100", state="stopped")
        await it.clock.pass_time(30)
        qemu = f"/nodes/{ONE}/qemu/100"
        assert await it.api.run("POST", f"{qemu}/status/start") == "OK"
        assert await it.runs() == {}, "the task only asks"
        assert (await it.api.get(f"{RESOURCES}/vm:100"))["state"] == "started"
        await it.clock.pass_time(30)
        assert await it.runs() == {100: ONE}
        assert await it.api.run("POST", f"{qemu}/migrate", target=TWO, online=1) == "OK"
        await it.clock.pass_time(30)
        assert await it.runs() == {100: TWO}
        assert await it.api.run("POST", f"/nodes/{TWO}/qemu/100/status/stop") == "OK"
        await it.clock.pass_time(30)
        assert await it.runs() == {}
        assert await it.tasks() == ["hastart", "qmstart", "hamigrate", "qmigrate", "hastop", "qmstop"]


async def test_a_dead_nodes_guests_run_elsewhere_after_fencing() -> None:
    async with ha(vm(100), vm(101), vm(102, status="running"), vm(103), vm(104)) as it:
        await it.add("vm:100")
        await it.add("vm:101", state="stopped")
        await it.add("vm:103", state="disabled")
        await it.add("vm:104")
        await it.clock.pass_time(40)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(40)
        assert (await it.rows())["master"]["node"] == TWO
        assert (await it.state("vm:100")) == ("started", ONE), "the manager waits first"
        await it.clock.pass_time(40)
        assert (await it.state("vm:100")) == ("fence", ONE)
        assert await it.runs() == {}
        await it.clock.pass_time(90)
        found = await it.runs()
        assert found == {100: TWO, 104: THREE}, "spread over the nodes that are left"
        assert (await it.state("vm:101"))[1] != ONE, "stopped ones are taken over, too"
        assert await it.state("vm:103") == ("stopped", ONE), "disabled resources are not recovered"
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(60)
        assert await it.runs() == found, "nothing comes back without a reason, and what was not managed stays off"


async def test_guests_without_ha_start_with_their_node() -> None:
    seed = (vm(100, status="running"), vm(101, onboot=1, startup="order=2"), vm(102, onboot=1, startup="order=1,up=30"))
    async with ha(*seed) as it:
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(300)
        assert await it.runs() == {}
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(10)
        assert await it.runs() == {102: ONE}, "the first, and then its delay"
        await it.clock.pass_time(60)
        assert await it.runs() == {101: ONE, 102: ONE}
        assert await it.tasks() == ["startall", "qmstart", "qmstart"]


async def test_a_start_that_fails_is_tried_again_here_then_elsewhere_then_not_at_all() -> None:
    async with ha(vm(100)) as it:
        it.api.sim.faults.fail_task("qmstart", "no luck", id="100", times=-1)
        await it.add("vm:100", max_restart=2, max_relocate=1)
        await it.clock.pass_time(400)
        assert (await it.state("vm:100"))[0] == "error"
        assert [t for t in await it.tasks(ONE) if t == "qmstart"] == ["qmstart"] * 3
        assert len([t for t in await it.tasks(TWO) if t == "qmstart"]) == 3
        it.api.sim.faults.clear()
        await it.clock.pass_time(60)
        assert (await it.state("vm:100"))[0] == "error", "somebody has to look into it"
        await it.api.do("PUT", f"{RESOURCES}/vm:100", state="disabled")
        await it.clock.pass_time(60)
        await it.api.do("PUT", f"{RESOURCES}/vm:100", state="started")
        await it.clock.pass_time(60)
        assert (await it.state("vm:100"))[0] == "started"


async def test_a_guest_that_stops_by_itself_is_started_again() -> None:
    async with ha(vm(100)) as it:
        await it.add("vm:100")
        await it.clock.pass_time(30)
        it.api.sim.cluster.guests[100].run = None
        it.api.sim.cluster.note_change()
        await it.clock.pass_time(30)
        assert await it.runs() == {100: ONE}


async def test_restricted_resources_wait_for_their_nodes() -> None:
    async with ha(vm(100), vm(101)) as it:
        await it.add("vm:100")
        await it.add("vm:101")
        strict = {"type": "node-affinity", "nodes": f"{ONE}:2,{TWO}:1", "resources": "vm:100", "strict": 1}
        await it.api.do("POST", "/cluster/ha/rules", rule="home", **strict)
        loose = {"type": "node-affinity", "nodes": ONE, "resources": "vm:101"}
        await it.api.do("POST", "/cluster/ha/rules", rule="wish", **loose)
        await it.clock.pass_time(30)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(180)
        assert (await it.runs())[100] == TWO
        assert (await it.runs())[101] in (TWO, THREE)
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(60)
        assert await it.runs() == {100: ONE, 101: ONE}, "failback"
        await it.api.do("PUT", "/cluster/ha/rules/home", type="node-affinity", nodes=ONE)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(300)
        assert await it.state("vm:100") == ("recovery", ONE)
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(60)
        assert (await it.runs())[100] == ONE


async def test_without_failback_a_resource_stays_where_it_is() -> None:
    async with ha(vm(100)) as it:
        await it.add("vm:100", failback=0)
        await it.api.do("POST", "/cluster/ha/rules", rule="home", type="node-affinity", nodes=ONE, resources="vm:100")
        await it.clock.pass_time(30)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(180)
        moved = await it.runs()
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(60)
        assert await it.runs() == moved != {100: ONE}


async def test_groups_of_the_older_version_place_resources() -> None:
    async with ha(vm(100, THREE), vm(101), pve_version="8.4") as it:
        await it.api.do("POST", "/cluster/ha/groups", group="left", nodes=f"{ONE}:1,{TWO}:2", restricted=1)
        await it.add("vm:100", group="left")
        await it.api.do("POST", "/cluster/ha/groups", group="lazy", nodes=f"{ONE}", nofailback=1)
        await it.add("vm:101", group="lazy")
        await it.clock.pass_time(60)
        assert await it.runs() == {100: TWO, 101: ONE}
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(180)
        it.api.sim.faults.node_up(ONE)
        await it.clock.pass_time(60)
        assert (await it.runs())[101] != ONE
        assert (await it.rows())["service:vm:100"]["group"] == "left"


async def test_affinity_keeps_together_and_apart() -> None:
    async with ha(*(vm(100 + n) for n in range(4))) as it:
        for n in range(4):
            await it.add(f"vm:{100 + n}")
        rules = "/cluster/ha/rules"
        apart = {"type": "resource-affinity", "affinity": "negative", "resources": "vm:100,vm:101"}
        await it.api.do("POST", rules, rule="apart", **apart)
        together = {"type": "resource-affinity", "affinity": "positive", "resources": "vm:102,vm:103"}
        await it.api.do("POST", rules, rule="together", **together)
        await it.clock.pass_time(60)
        found = await it.runs()
        assert found[100] != found[101]
        assert found[102] == found[103]
        blocked = await it.api.do("POST", f"{RESOURCES}/vm:100/migrate", node=found[101])
        assert blocked["blocking-resources"] == [{"sid": "vm:101", "cause": "resource-affinity"}]
        both = await it.api.do("POST", f"{RESOURCES}/vm:102/migrate", node=THREE)
        assert both["comigrated-resources"] == ["vm:103"]
        await it.clock.pass_time(60)
        found = await it.runs()
        assert found[102] == found[103] == THREE
        check = await it.api.get(f"/nodes/{THREE}/qemu/102/migrate")
        assert check["dependent-ha-resources"] == ["vm:103"]


async def test_relocation_is_a_stop_and_a_start() -> None:
    async with ha(vm(100), ct(101)) as it:
        await it.add("vm:100")
        await it.add("ct:101")
        await it.clock.pass_time(30)
        await it.api.do("POST", f"{RESOURCES}/vm:100/relocate", node=TWO)
        await it.api.do("POST", f"{RESOURCES}/ct:101/migrate", node=TWO)
        await it.clock.pass_time(60)
        assert await it.runs() == {100: TWO, 101: TWO}
        assert await it.tasks(TWO) == ["qmstart"]


async def test_local_disks_cannot_be_recovered() -> None:
    async with ha(vm(100, disk="local-lvm")) as it:
        await it.add("vm:100")
        await it.clock.pass_time(30)
        it.api.sim.faults.node_down(ONE)
        await it.clock.pass_time(600)
        assert (await it.state("vm:100"))[0] == "error"
        assert len(await it.tasks()) < 10


async def test_disarmed_nobody_is_moved() -> None:
    async with ha(vm(100)) as it:
        await it.add("vm:100")
        await it.clock.pass_time(30)
        await it.api.do("POST", "/cluster/ha/status/disarm-ha", **{"resource-mode": "ignore"})
        assert (await it.rows())["fencing"]["armed-state"] == "disarmed"
        stopping = await it.api.do("POST", f"/nodes/{ONE}/qemu/100/status/stop")
        assert ":qmstop:" in stopping
        await it.clock.pass_time(60)
        assert await it.runs() == {}
        await it.api.do("POST", "/cluster/ha/status/arm-ha")
        await it.clock.pass_time(30)
        assert await it.runs() == {100: ONE}


async def test_without_waiting_all_of_it_happens_at_once() -> None:
    async with running(seed={"guests": [vm(100)]}) as api:
        await api.do("POST", RESOURCES, sid="vm:100")
        for _ in range(20):
            await api.get("/version")
        api.sim.faults.node_down(ONE)
        for _ in range(20):
            await api.get("/version")
        [row] = [r for r in await api.get("/cluster/resources", type="vm") if r["vmid"] == 100]
        assert (row["node"], row["status"], row["hastate"]) == (TWO, "running", "started")


async def test_without_resources_there_is_nothing_to_do() -> None:
    async with running() as api:
        await api.do("POST", "/pools", poolid="p")
        assert api.sim._daemons.names == []


async def test_status_survives_a_restart(tmp_path: Any) -> None:
    file, clock = tmp_path / "cluster.json", SteppedClock()
    async with running(persist=file, clock=clock, time_scale=1.0, seed={"guests": [vm(100)]}) as api:
        await api.do("POST", RESOURCES, sid="vm:100")
        await clock.pass_time(30)
    async with running(persist=file, clock=clock, time_scale=1.0) as api:
        again = Ha(api, clock)
        assert await again.state("vm:100") == ("started", ONE)
        api.sim.faults.node_down(ONE)
        await clock.pass_time(200)
        assert await again.runs() == {100: TWO}


# --- whatever happens ---------------------------------------------------------------------------------

VMIDS = (100, 101, 102, 103)
EVENTS = st.one_of(
    st.tuples(st.just("down"), st.sampled_from(NODES)),
    st.tuples(st.just("up"), st.sampled_from(NODES)),
    st.tuples(st.just("wait"), st.sampled_from([10, 70, 200])),
    st.tuples(st.sampled_from(["start", "stop"]), st.sampled_from(VMIDS)),
    st.tuples(st.just("migrate"), st.sampled_from(VMIDS), st.sampled_from(NODES)),
    st.tuples(st.just("crash"), st.sampled_from(VMIDS)),
)


def strict_node(vmid: int) -> set[str]:
    return {ONE, TWO} if vmid == 100 else set(NODES)


@given(events=st.lists(EVENTS, max_size=12))
async def test_rules_hold_and_started_resources_run(events: list[tuple[Any, ...]]) -> None:
    clock = SteppedClock()
    sim = Simulator(clock=clock, time_scale=1.0, tls=False, seed={"guests": [vm(v) for v in VMIDS]})
    cluster, started = sim.cluster, set(VMIDS)
    cluster.files["ha/resources.cfg"] = {f"vm:{v}": {"type": "vm"} for v in VMIDS}
    cluster.files["ha/rules.cfg"] = {
        "strict": {"type": "node-affinity", "nodes": f"{ONE}:1,{TWO}", "resources": "vm:100", "strict": "1"},
        "apart": {"type": "resource-affinity", "affinity": "negative", "resources": "vm:101,vm:102"},
    }

    def check() -> None:
        at = {v: cluster.guests[v].node for v in VMIDS if cluster.guests[v].is_running}
        assert at.get(100, ONE) in strict_node(100)
        assert at.get(101) is None or at.get(101) != at.get(102)
        assert all(cluster.nodes[node].online for node in at.values())

    async with sim:
        # Everything starts on the first node, so that rules are broken until the manager had its first rounds.
        await clock.pass_time(100)
        for event in events:
            match event:
                case ("down", node):
                    sim.faults.node_down(node)
                case ("up", node):
                    sim.faults.node_up(node)
                case ("wait", seconds):
                    for _ in range(seconds // 10):
                        await clock.pass_time(10)
                        check()
                case ("start", vmid):
                    cluster.files["ha/resources.cfg"][f"vm:{vmid}"]["state"] = "started"
                    started.add(vmid)
                case ("stop", vmid):
                    cluster.files["ha/resources.cfg"][f"vm:{vmid}"]["state"] = "stopped"
                    started.discard(vmid)
                case ("migrate", vmid, node):
                    cluster.ha.requests[f"vm:{vmid}"] = Request("migrate", node)
                case ("crash", vmid):
                    cluster.guests[vmid].run = None
            cluster.note_change()
            check()
        for node in NODES:
            sim.faults.node_up(node)
        for _ in range(60):
            await clock.pass_time(10)
            check()
        assert {v for v in VMIDS if cluster.guests[v].is_running} == started
        assert cluster.guests[100].node == ONE or 100 not in started
        tasks = len(cluster.tasks)
        await clock.pass_time(3600)
        assert len(cluster.tasks) == tasks, "it comes to rest"
