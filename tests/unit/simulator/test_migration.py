"""Guests move between nodes: with their disks, to other storages, and back to where they were when it fails."""

from __future__ import annotations

from typing import Any

import pytest

from proxmox_mpc.simulator import SteppedClock
from tests.unit.simulator.api import Api, running

ONE, TWO = "/nodes/pve-node1", "/nodes/pve-node2"
SEED: dict[str, Any] = {
    "storages": [
        {"storage": "local", "type": "dir", "path": "/var/lib/vz", "content": "iso,backup,images,rootdir"},
        {"storage": "local-lvm", "type": "lvmthin", "vgname": "pve", "thinpool": "data", "content": "images,rootdir"},
        {"storage": "fast", "type": "lvmthin", "vgname": "f", "thinpool": "f", "content": "images", "nodes": "pve-node1"},
        {"storage": "shared-nfs", "type": "nfs", "server": "192.0.2.1", "export": "/e", "content": "images,iso"},
    ],
    "files": ["local:iso/tools.iso", "shared-nfs:iso/tools.iso"],
    "guests": [
        {
            "vmid": 100, "type": "qemu", "node": "pve-node1", "status": "running",
            "config": {"scsi0": "local-lvm:vm-100-disk-0,size=4G", "scsi1": "fast:vm-100-disk-0,size=2G"},
        },
        {
            "vmid": 101, "type": "qemu", "node": "pve-node1", "status": "running",
            "config": {"scsi0": "shared-nfs:101/vm-101-disk-0.qcow2,size=4G", "ide2": "shared-nfs:iso/tools.iso,media=cdrom"},
        },
        {
            "vmid": 102, "type": "lxc", "node": "pve-node1", "status": "running",
            "config": {"hostname": "ct", "rootfs": "local-lvm:vm-102-disk-0,size=4G"},
        },
    ],
}  # fmt: skip


async def where(api: Api, vmid: int) -> tuple[str, str]:
    [row] = [r for r in await api.get("/cluster/resources", type="vm") if r["vmid"] == vmid]
    return row["node"], row["status"]


async def volumes(api: Api, node: str, vmid: int) -> set[str]:
    rows = await api.get(f"{node}/storage")
    names = [r["storage"] for r in rows if r["active"] and not r["shared"]]
    found: set[str] = set()
    for name in names:
        found |= {v["volid"] for v in await api.get(f"{node}/storage/{name}/content", vmid=vmid)}
    return found


async def test_shared_disks_need_nothing_but_the_move() -> None:
    async with running(seed=SEED) as api:
        assert (await api.call("POST", f"{ONE}/qemu/101/migrate", target="pve-node2")).reason == (
            "can't migrate running VM without --online"
        )
        check = await api.get(f"{ONE}/qemu/101/migrate")
        assert (check["running"], check["local_disks"]) == (1, [])
        assert await api.run("POST", f"{ONE}/qemu/101/migrate", target="pve-node2", online=1) == "OK"
        assert await where(api, 101) == ("pve-node2", "running")


async def test_what_stands_in_the_way_is_told_before() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", f"{ONE}/qemu/100/status/stop") == "OK"
        check = await api.get(f"{ONE}/qemu/100/migrate")
        assert check["allowed_nodes"] == []
        assert check["not_allowed_nodes"]["pve-node2"] == {"unavailable_storages": ["fast"]}
        assert {d["volid"] for d in check["local_disks"]} == {"local-lvm:vm-100-disk-0", "fast:vm-100-disk-0"}
        assert await api.run("POST", f"{ONE}/qemu/100/migrate", target="pve-node2") == "migration aborted"
        assert await volumes(api, ONE, 100) == {"local-lvm:vm-100-disk-0", "fast:vm-100-disk-0"}


async def test_disks_move_to_the_storages_that_are_asked_for() -> None:
    async with running(seed=SEED) as api:
        move = {"target": "pve-node2", "online": 1, "with-local-disks": 1}
        assert await api.run("POST", f"{ONE}/qemu/100/migrate", targetstorage="fast:local", **move) == "OK"
        config = await api.get(f"{TWO}/qemu/100/config")
        assert config["scsi0"] == "local-lvm:vm-100-disk-0,size=4G"
        assert config["scsi1"] == "local:100/vm-100-disk-0.raw,size=2G"
        assert await volumes(api, ONE, 100) == set()
        assert await volumes(api, TWO, 100) == {"local-lvm:vm-100-disk-0", "local:100/vm-100-disk-0.raw"}
        back = {**move, "target": "pve-node1", "targetstorage": "shared-nfs"}
        assert await api.run("POST", f"{TWO}/qemu/100/migrate", **back) == "OK"
        assert (await api.get(f"{ONE}/qemu/100/config"))["scsi1"].startswith("shared-nfs:100/vm-100-disk-")
        assert await where(api, 100) == ("pve-node1", "running")


async def test_a_move_that_fails_leaves_everything_where_it_was() -> None:
    async with running(seed=SEED) as api:
        move = {"target": "pve-node2", "online": 1, "with-local-disks": 1, "targetstorage": "fast:local"}
        before = await volumes(api, ONE, 100)
        api.sim.faults.storage_full("local")
        assert await api.run("POST", f"{ONE}/qemu/100/migrate", **move) == "migration aborted"
        api.sim.faults.storage_full("local", full=False)
        api.sim.faults.node_down("pve-node2")
        assert await api.run("POST", f"{ONE}/qemu/100/migrate", **move) == "migration aborted"
        assert await api.run("POST", f"{ONE}/lxc/102/migrate", target="pve-node2", restart=1) == "migration aborted"
        api.sim.faults.node_up("pve-node2")
        assert await volumes(api, ONE, 100) == before
        assert await volumes(api, TWO, 100) == set()
        assert await where(api, 100) == ("pve-node1", "running")
        assert await where(api, 102) == ("pve-node1", "running")
        assert "lock" not in await api.get(f"{ONE}/qemu/100/config")


async def test_local_cds_and_memory_of_snapshots() -> None:
    async with running(seed=SEED) as api:
        assert await api.run("POST", f"{ONE}/qemu/101/snapshot", snapname="before", vmstate=1) == "OK"
        assert await api.run("POST", f"{ONE}/qemu/101/migrate", target="pve-node2", online=1) == "OK"
        assert await api.run("POST", f"{TWO}/qemu/101/snapshot/before/rollback") == "OK"
        assert await where(api, 101) == ("pve-node2", "running")
        await api.call("PUT", f"{TWO}/qemu/101/config", ide2="local:iso/tools.iso,media=cdrom")
        upid = (await api.call("POST", f"{TWO}/qemu/101/migrate", target="pve-node1", online=1)).data
        assert await api.ended(upid) == "migration aborted"
        log = [line["t"] for line in await api.get(f"{TWO}/tasks/{upid}/log")]
        assert any("can't migrate 'local:iso/tools.iso': local cdrom image" in line for line in log)


async def why_aborted(api: Api, path: str, **asked: Any) -> str:
    upid = (await api.call("POST", f"{path}/migrate", target="pve-node2", **asked)).data
    assert await api.ended(upid) == "migration aborted"
    log = [line["t"] for line in await api.get(f"{ONE}/tasks/{upid}/log")]
    return next(line for line in log if "ERROR: migration aborted" in line)


async def test_snapshots_of_local_disks_stay_unless_their_format_holds_them() -> None:
    async with running(seed=SEED) as api:
        vm, ct = f"{ONE}/qemu/100", f"{ONE}/lxc/102"
        wanted = {"with-local-disks": 1, "targetstorage": "fast:local"}
        for guest in (vm, ct):
            assert await api.run("POST", f"{guest}/snapshot", snapname="before") == "OK"
        reason = await why_aborted(api, vm, online=1, **wanted)
        assert "online storage migration not possible if snapshot exists" in reason
        assert "non-migratable snapshot exists" in await why_aborted(api, ct, restart=1)
        assert await where(api, 102) == ("pve-node1", "running")
        assert await api.run("POST", f"{vm}/status/stop") == "OK"
        assert "non-migratable snapshot exists" in await why_aborted(api, vm, **wanted)
        # A new disk is in no snapshot, and qcow2 files hold theirs.
        file = {"vmid": 103, "scsi0": "local:1,format=qcow2"}
        await api.run("POST", f"{ONE}/qemu", **file)
        assert await api.run("POST", f"{ONE}/qemu/103/snapshot", snapname="before") == "OK"
        await api.run("POST", f"{ONE}/qemu/103/config", scsi1="local-lvm:1")
        assert await api.run("POST", f"{ONE}/qemu/103/migrate", target="pve-node2") == "OK"
        assert [s["name"] for s in await api.get(f"{TWO}/qemu/103/snapshot")] == ["before", "current"]


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "snapshot", {"snapname": "new"}),
        ("DELETE", "snapshot/before", {}),
        ("POST", "snapshot/before/rollback", {}),
        ("PUT", "resize", {"disk": "scsi0", "size": "+1G"}),
        ("POST", "status/start", {}),
    ],
)
async def test_who_waits_for_a_moving_guest_does_not_find_it_afterwards(
    method: str, path: str, form: dict[str, str]
) -> None:
    clock = SteppedClock()
    file = {"vmid": 100, "type": "qemu", "node": "pve-node1"}
    config = {"scsi0": "local:100/vm-100-disk-0.qcow2,size=4G"}
    async with running(seed={**SEED, "guests": [{**file, "config": config}]}, clock=clock, time_scale=1.0) as api:
        vm = f"{ONE}/qemu/100"
        upid = (await api.call("POST", f"{vm}/snapshot", snapname="before")).data
        await clock.pass_time(2)
        assert await api.ended(upid) == "OK"
        move = await api.do("POST", f"{vm}/migrate", target="pve-node2")
        late = await api.do(method, f"{vm}/{path}", **form)
        await clock.pass_time(60)
        assert await api.ended(move) == "OK"
        assert await api.ended(late) == "Configuration file 'nodes/pve-node1/qemu-server/100.conf' does not exist"


async def test_a_node_is_emptied_and_resources_by_the_manager() -> None:
    async with running(seed=SEED) as api:
        await api.do("POST", "/cluster/ha/resources", sid="vm:101")
        assert await api.run("POST", f"{ONE}/stopall") == "OK"
        assert (await where(api, 101))[1] == "running", "the manager's business"
        assert (await where(api, 102))[1] == "stopped"
        assert await api.run("POST", f"{ONE}/migrateall", target="pve-node2", vms="101,102") == "OK"
        for _ in range(20):
            await api.get("/version")
        assert await where(api, 101) == ("pve-node2", "running")
        assert await where(api, 102) == ("pve-node2", "stopped")
        kinds = {t["type"] for t in await api.get("/cluster/tasks")}
        assert {"migrateall", "hamigrate", "vzmigrate", "qmigrate", "stopall"} <= kinds


async def test_other_clusters_are_checked_for_and_refused() -> None:
    async with running(seed=SEED) as api:
        me = await api.as_user("root@pam", api.sim.password)
        wanted = {
            "target-endpoint": "apitoken=PVEAPIToken=a@pam!b=00000000-0000-0000-0000-000000000000,host=192.0.2.9",
            "target-storage": "local-lvm",
            "target-bridge": "vmbr0",
        }
        running_one = await me.call("POST", f"{ONE}/qemu/101/remote_migrate", **wanted)
        assert running_one.reason == "can't migrate running VM without --online"
        missing = await me.call("POST", f"{ONE}/qemu/999/remote_migrate", **wanted)
        assert "does not exist" in missing.reason
        ended = await me.run("POST", f"{ONE}/qemu/101/remote_migrate", online=1, **wanted)
        assert ended == "Failed to establish connection to remote host: Can't connect to 192.0.2.9:8006"
