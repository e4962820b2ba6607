"""Virtual machines and containers come back from their backups; memory comes back from snapshots and sleep."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.api import Api, running

NODE = "/nodes/pve-node1"
CONTENT = f"{NODE}/storage/shared-nfs/content"
CONFIG = {
    "name": "web", "description": "the web", "cores": 3, "memory": 1024, "tags": "a;b", "protection": 0, "ostype": "l26",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0", "smbios1": "uuid=11111111-1111-4111-8111-111111111111",
    "vmgenid": "22222222-2222-4222-8222-222222222222", "boot": "order=scsi0",
    "scsi0": "local-lvm:vm-100-disk-0,discard=on,size=8G", "scsi1": "local-lvm:vm-100-disk-1,backup=0,size=2G",
    "ide2": "local:iso/debian-12.8.0-amd64-netinst.iso,media=cdrom", "unused0": "local-lvm:vm-100-disk-9",
}  # fmt: skip
SEED: dict[str, Any] = {
    "guests": [{"vmid": 100, "type": "qemu", "node": "pve-node1", "status": "running", "config": CONFIG}],
    "pools": ["prod"],
}


async def archive(api: Api, vmid: int = 100) -> str:
    assert await api.run("POST", f"{NODE}/vzdump", vmid=vmid, storage="shared-nfs", compress="zstd") == "OK"
    found = [b for b in await api.get(CONTENT, content="backup") if b["vmid"] == vmid]
    return str(found[-1]["volid"])


async def test_a_machine_is_restored_as_it_was() -> None:
    async with running(seed=SEED) as api:
        volid = await archive(api)
        # What changes after the backup is not in it.
        await api.call("PUT", f"{NODE}/qemu/100/config", cores=8)
        held = await api.get(f"{NODE}/vzdump/extractconfig", volume=volid)
        assert "cores: 3\n" in held
        assert "#qmdump#map:scsi0:drive-scsi0:local-lvm:raw:\n" in held
        restored = await api.call("POST", f"{NODE}/qemu", vmid=200, archive=volid, pool="prod", memory=2048)
        assert ":qmrestore:200:" in restored.data
        assert await api.ended(restored.data) == "OK"
        config = await api.get(f"{NODE}/qemu/200/config")
        for key in ("name", "description", "cores", "tags", "net0", "smbios1", "ide2", "ostype"):
            assert config[key] == CONFIG[key], key
        assert config["memory"] == "2048"
        assert config["scsi0"] == "local-lvm:vm-200-disk-0,discard=on,size=8G"
        assert config["vmgenid"] != CONFIG["vmgenid"]
        assert not {"scsi1", "unused0", "lock"} & set(config)
        assert [m["vmid"] for m in (await api.get("/pools/prod"))["members"]] == [200]
        assert await api.run("POST", f"{NODE}/qemu/200/status/start") == "OK"


async def test_a_unique_copy_has_its_own_addresses() -> None:
    async with running(seed=SEED) as api:
        volid = await archive(api)
        made = {"archive": volid, "unique": 1, "storage": "shared-nfs", "start": 1}
        assert await api.run("POST", f"{NODE}/qemu", vmid=200, **made) == "OK"
        config = await api.get(f"{NODE}/qemu/200/config")
        assert config["net0"] != CONFIG["net0"]
        assert config["smbios1"] != CONFIG["smbios1"]
        assert config["scsi0"] == "shared-nfs:200/vm-200-disk-0.raw,discard=on,size=8G"
        rows = await api.get("/cluster/resources", type="vm")
        assert [r["status"] for r in rows if r["vmid"] == 200] == ["running"]


async def test_restoring_over_a_machine_needs_force_and_a_stopped_one() -> None:
    async with running(seed=SEED) as api:
        volid = await archive(api)
        again = await api.call("POST", f"{NODE}/qemu", vmid=100, archive=volid)
        assert again.reason == "unable to restore VM 100 - VM 100 already exists on node 'pve-node1'"
        forced = await api.call("POST", f"{NODE}/qemu", vmid=100, archive=volid, force=1)
        assert forced.reason == "unable to restore VM 100 - VM 100 is running"
        assert await api.run("POST", f"{NODE}/qemu/100/status/stop") == "OK"
        await api.call("PUT", f"{NODE}/qemu/100/config", protection=1)
        guarded = await api.call("POST", f"{NODE}/qemu", vmid=100, archive=volid, force=1)
        assert "protection mode enabled" in guarded.reason
        await api.call("PUT", f"{NODE}/qemu/100/config", protection=0, cores=1)
        api.sim.faults.fail_task("qmrestore", "out of luck")
        broken = await api.run("POST", f"{NODE}/qemu", vmid=100, archive=volid, force=1)
        assert broken == "unable to restore VM 100 - out of luck"
        assert (await api.get(f"{NODE}/qemu/100/config"))["cores"] == 1, "the old one is still there"
        assert await api.run("POST", f"{NODE}/qemu", vmid=100, archive=volid, force=1) == "OK"
        config = await api.get(f"{NODE}/qemu/100/config")
        assert config["cores"] == 3
        # The disk that was not in the backup is kept, the one that was is new.
        assert config["unused0"] == "local-lvm:vm-100-disk-1"
        volumes = {v["volid"] for v in await api.get(f"{NODE}/storage/local-lvm/content", vmid=100)}
        assert volumes == {config["scsi0"].partition(",")[0], "local-lvm:vm-100-disk-1", "local-lvm:vm-100-disk-9"}


async def test_archives_that_will_not_do() -> None:
    async with running(seed=SEED) as api:
        volid = await archive(api)
        path, lost = f"{NODE}/qemu", "local:backup/vzdump-qemu-1-2026_01_01-00_00_00.vma"
        assert (await api.call("POST", path, vmid=200, archive=lost)).reason == f"volume '{lost}' does not exist"
        iso = "local:iso/debian-12.8.0-amd64-netinst.iso"
        assert "content type needs to be 'backup'" in (await api.call("POST", path, vmid=200, archive=iso)).reason
        wrong = await api.run("POST", f"{NODE}/lxc", vmid=200, ostemplate=volid, restore=1, storage="local-lvm")
        assert "not one of a container" in wrong
        drives = await api.call("POST", path, vmid=200, archive=volid, scsi3="local-lvm:1")
        assert drives.errors == {"scsi3": "option conflicts with option 'archive'"}
        assert [g["vmid"] for g in await api.get(path)] == [9000, 100]


async def test_mount_points_of_containers_come_back() -> None:
    ct = {
        "hostname": "ct",
        "rootfs": "local-lvm:vm-101-disk-0,size=4G",
        "mp0": "local-lvm:vm-101-disk-1,mp=/srv,size=9G",
    }
    async with running(seed={"guests": [{"vmid": 101, "type": "lxc", "config": ct}]}) as api:
        volid = await archive(api, 101)
        made = {"ostemplate": volid, "restore": 1, "storage": "local-lvm"}
        assert await api.run("POST", f"{NODE}/lxc", vmid=201, **made) == "OK"
        config = await api.get(f"{NODE}/lxc/201/config")
        assert config["mp0"] == "local-lvm:vm-201-disk-0,mp=/srv,size=9G"
        assert config["rootfs"] == "local-lvm:vm-201-disk-1,size=4G"


async def test_restored_machines_can_be_under_ha_at_once() -> None:
    async with running(seed=SEED) as api:
        made = {"archive": await archive(api), "ha-managed": 1, "start": 1}
        assert await api.run("POST", f"{NODE}/qemu", vmid=200, **made) == "OK"
        assert (await api.get("/cluster/ha/resources/vm:200"))["state"] == "started"
        for _ in range(20):
            await api.get("/version")
        assert (await api.get(f"{NODE}/qemu/200/status/current"))["status"] == "running"


@pytest.mark.parametrize("vmstate", [0, 1])
async def test_snapshots_with_memory_resume(vmstate: int) -> None:
    async with running(seed=SEED) as api:
        snapshot = f"{NODE}/qemu/100/snapshot"
        assert await api.run("POST", snapshot, snapname="before", vmstate=vmstate) == "OK"
        state = "local-lvm:vm-100-state-before"
        volumes = {v["volid"] for v in await api.get(f"{NODE}/storage/local-lvm/content", vmid=100)}
        assert (state in volumes) == bool(vmstate)
        assert [s["vmstate"] for s in await api.get(snapshot) if s["name"] == "before"] == [vmstate]
        assert await api.run("POST", f"{NODE}/qemu/100/status/stop") == "OK"
        assert await api.run("POST", f"{snapshot}/before/rollback") == "OK"
        expected = "running" if vmstate else "stopped"
        assert (await api.get(f"{NODE}/qemu/100/status/current"))["status"] == expected
        assert await api.run("DELETE", f"{snapshot}/before") == "OK"
        assert state not in {v["volid"] for v in await api.get(f"{NODE}/storage/local-lvm/content", vmid=100)}


async def test_a_machine_sleeps_on_disk() -> None:
    async with running(seed=SEED) as api:
        status = f"{NODE}/qemu/100/status"
        assert await api.run("POST", f"{status}/suspend", todisk=1, statestorage="shared-nfs") == "OK"
        config = await api.get(f"{NODE}/qemu/100/config")
        assert config["lock"] == "suspended"
        assert config["vmstate"].startswith("shared-nfs:100/vm-100-state-suspend-")
        assert config["vmstate"] in {v["volid"] for v in await api.get(CONTENT, vmid=100)}
        assert await api.run("POST", f"{status}/resume") == "OK"
        assert await api.get(CONTENT, vmid=100) == []
        assert not {"lock", "vmstate"} & set(await api.get(f"{NODE}/qemu/100/config"))


async def test_guests_of_other_nodes_are_left_to_them() -> None:
    async with running(seed=SEED) as api:
        form = {"storage": "shared-nfs", "compress": "zstd"}
        assert await api.do("POST", "/nodes/pve-node2/vzdump", vmid=100, **form) == "OK"
        assert await api.get("/cluster/tasks") == []
        assert await api.run("POST", "/nodes/pve-node2/vzdump", vmid="100,999", **form) == "job errors"
        assert await api.get(CONTENT, content="backup") == []
