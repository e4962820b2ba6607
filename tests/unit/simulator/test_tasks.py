"""Tasks take the time that the clock gives them, exclude each other by locks, and can be stopped."""

from __future__ import annotations

from urllib.parse import quote

from proxmox_mpc.simulator import SteppedClock
from tests.unit.simulator.api import running

NODE = "/nodes/pve-node1"


async def test_work_takes_its_time() -> None:
    clock = SteppedClock()
    async with running(clock=clock, time_scale=1.0) as api:
        upid = (await api.call("POST", f"{NODE}/qemu/9000/clone", newid=101, full=1)).data
        status = f"{NODE}/tasks/{quote(upid, safe='')}/status"
        assert (await api.get(status))["status"] == "running"
        assert (await api.get(f"{NODE}/qemu/101/config"))["lock"] == "clone"
        locked = await api.call("PUT", f"{NODE}/qemu/101/config", cores=2)
        assert locked.reason == "VM is locked (clone)"
        for _ in range(60):
            await clock.pass_time(1)
        assert (await api.get(status))["exitstatus"] == "OK"
        assert "lock" not in await api.get(f"{NODE}/qemu/101/config")


async def test_stopped_task_leaves_nothing_behind() -> None:
    clock = SteppedClock()
    async with running(clock=clock, time_scale=1.0) as api:
        upid = (await api.call("POST", f"{NODE}/qemu/9000/clone", newid=101, full=1)).data
        await api.get("/version")
        assert (await api.call("DELETE", f"{NODE}/tasks/{quote(upid, safe='')}")).status == 200
        assert (await api.get(f"{NODE}/tasks/{quote(upid, safe='')}/status"))["exitstatus"] == "received interrupt"
        assert (await api.call("GET", f"{NODE}/qemu/101/config")).status == 500
        assert await api.get(f"{NODE}/storage/local-lvm/content", vmid=101) == []


async def test_tickets_end_after_two_hours() -> None:
    clock = SteppedClock()
    async with running(clock=clock) as api:
        root = await api.as_user("root@pam", api.sim.password)
        await clock.pass_time(7000)
        assert (await root.call("GET", "/version")).status == 200
        await clock.pass_time(300)
        refused = await root.call("GET", "/version")
        assert (refused.status, refused.reason) == (401, "Authentication failed!")


async def test_resources_lag_behind_the_configuration() -> None:
    clock = SteppedClock()
    async with running(clock=clock, resources_lag_s=10) as api:
        assert await api.run("POST", f"{NODE}/qemu", vmid=101, name="late") == "OK"
        assert (await api.get(f"{NODE}/qemu/101/config"))["name"] == "late"
        rows = {r["vmid"]: r for r in await api.get("/cluster/resources", type="vm")}
        assert rows[101] == {"id": "qemu/101", "node": "pve-node1", "status": "unknown", "type": "qemu", "vmid": 101}
        await clock.pass_time(10)
        rows = {r["vmid"]: r for r in await api.get("/cluster/resources", type="vm")}
        assert rows[101]["name"] == "late"
