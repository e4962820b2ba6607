"""Disks of nodes become volume groups, pools and directories, hold storages, and become empty disks again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.api import Api, running

DISKS = "/nodes/pve-node1/disks"


async def disks(api: Api, **query: Any) -> dict[str, Any]:
    return {row["devpath"]: row.get("used") for row in await api.get(f"{DISKS}/list", **query)}


async def test_a_node_has_its_system_disk_and_spare_ones(api: Api) -> None:
    assert await disks(api) == {"/dev/sda": "BIOS boot", "/dev/sdb": None, "/dev/sdc": None, "/dev/sdd": None}
    assert list(await disks(api, type="unused")) == ["/dev/sdb", "/dev/sdc", "/dev/sdd"]
    with_partitions = await disks(api, **{"include-partitions": 1})
    assert (with_partitions["/dev/sda"], with_partitions["/dev/sda3"]) == ("partitions", "LVM")
    (group,) = (await api.get(f"{DISKS}/lvm"))["children"]
    (pool,) = await api.get(f"{DISKS}/lvmthin")
    assert (group["name"], [part["name"] for part in group["children"]]) == ("pve", ["/dev/sda3"])
    assert (pool["vg"], pool["lv"], pool["lv_size"]) == ("pve", "data", 800 * 1024**3)
    smart = await api.get(f"{DISKS}/smart", disk="/dev/sda")
    assert smart["health"] == "PASSED"
    assert "Temperature_Celsius" in [row["name"] for row in smart["attributes"]]


@pytest.mark.parametrize(
    ("kind", "how", "plugin", "used"),
    [
        ("lvm", {"device": "/dev/sdb"}, "lvm", "LVM"),
        ("lvmthin", {"device": "/dev/sdb"}, "lvmthin", "LVM"),
        ("directory", {"device": "/dev/sdb", "filesystem": "xfs"}, "dir", "xfs"),
        ("zfs", {"devices": "/dev/sdb", "raidlevel": "single"}, "zfspool", "ZFS"),
    ],
)
async def test_a_disk_becomes_a_storage_and_an_empty_disk_again(
    api: Api, kind: str, how: dict[str, Any], plugin: str, used: str
) -> None:
    task = await api.do("POST", f"{DISKS}/{kind}", name="fast", add_storage=1, **how)
    assert await api.ended(task) == "OK"
    assert task.split(":")[5] == ("dircreate" if kind == "directory" else f"{kind}create")
    assert (await disks(api))["/dev/sdb"] == used
    storage = await api.get("/storage/fast")
    assert (storage["type"], storage["nodes"]) == (plugin, "pve-node1")
    total = (await api.get("/nodes/pve-node1/storage/fast/status"))["total"]
    assert 0.9 < total / 480_103_981_056 <= 1
    disk = {"vmid": 100, "scsi0": "fast:10"}
    assert await api.run("POST", "/nodes/pve-node1/qemu", **disk) == "OK"
    again = await api.call("POST", f"{DISKS}/lvm", name="other", device="/dev/sdb")
    assert again.reason == "device '/dev/sdb' is already in use"
    root = await api.as_root()
    held = await root.run("PUT", f"{DISKS}/wipedisk", disk="/dev/sdb")
    assert held == "disk/partition '/dev/sdb' has a holder"
    options = {"cleanup-config": 1, "cleanup-disks": 1} | ({"volume-group": "fast"} if kind == "lvmthin" else {})
    assert await api.run("DELETE", f"{DISKS}/{kind}/fast", **options) == "OK"
    assert (await disks(api))["/dev/sdb"] is None
    assert "fast" not in [row["storage"] for row in await api.get("/storage")]
    assert await api.run("DELETE", f"{DISKS}/{kind}/fast", **options) != "OK"


async def test_what_is_left_on_a_disk_is_wiped(api: Api) -> None:
    await api.run("POST", f"{DISKS}/lvm", name="fast", device="/dev/sdb")
    await api.run("DELETE", f"{DISKS}/lvm/fast")
    assert (await disks(api))["/dev/sdb"] == "LVM", "the signature stays"
    assert (await api.call("POST", f"{DISKS}/initgpt", disk="/dev/sdb")).status == 500
    root = await api.as_root()
    assert await root.run("PUT", f"{DISKS}/wipedisk", disk="/dev/sdb") == "OK"
    assert await api.run("POST", f"{DISKS}/initgpt", disk="/dev/sdb") == "OK"
    rows = {row["devpath"]: row["gpt"] for row in await api.get(f"{DISKS}/list")}
    assert (rows["/dev/sdb"], rows["/dev/sdc"]) == (1, 0)


async def test_a_mirror_is_as_large_as_its_smallest_disk(api: Api) -> None:
    few = await api.call("POST", f"{DISKS}/zfs", name="tank", devices="/dev/sdb", raidlevel="mirror")
    assert few.reason == "mirror needs at least 2 disks"
    how = {"devices": "/dev/sdb,/dev/sdd", "raidlevel": "mirror"}
    assert await api.run("POST", f"{DISKS}/zfs", name="tank", **how) == "OK"
    (pool,) = await api.get(f"{DISKS}/zfs")
    assert pool["size"] == 480_103_981_056
    detail = await api.get(f"{DISKS}/zfs/tank")
    (mirror,) = detail["children"][0]["children"]
    assert [leaf["name"] for leaf in mirror["children"]] == ["/dev/sdb", "/dev/sdd"]
    assert await api.get("/nodes/pve-node1/scan/zfs") == [{"pool": "tank"}]
    assert await api.get("/nodes/pve-node2/scan/zfs") == []


async def test_a_storage_of_one_name_grows_over_the_nodes(api: Api) -> None:
    for node in ("pve-node1", "pve-node2"):
        how = {"name": "fast", "device": "/dev/sdb", "add_storage": 1}
        assert await api.run("POST", f"/nodes/{node}/disks/lvm", **how) == "OK"
    assert (await api.get("/storage/fast"))["nodes"] == "pve-node1,pve-node2"
    await api.run("DELETE", "/nodes/pve-node1/disks/lvm/fast", **{"cleanup-config": 1})
    assert (await api.get("/storage/fast"))["nodes"] == "pve-node2"
    taken = await api.call("POST", f"{DISKS}/zfs", name="fast", devices="/dev/sdc", raidlevel="single", add_storage=1)
    assert taken.reason == "storage ID 'fast' is already defined, and is something else"


async def test_servers_offer_what_the_cluster_uses_of_them(api: Api) -> None:
    scan = "/nodes/pve-node1/scan"
    assert await api.get(f"{scan}/nfs", server="192.0.2.200") == [{"path": "/export/pve", "options": "*"}]
    assert (await api.call("GET", f"{scan}/nfs", server="192.0.2.7")).status == 500
    assert await api.get(f"{scan}/lvm") == [{"vg": "pve"}]
    assert await api.get(f"{scan}/lvmthin", vg="pve") == [{"lv": "data"}]


async def test_a_seed_says_which_disks_there_are() -> None:
    disk = {"name": "nvme0n1", "size": 10**12, "kind": "nvme", "model": "Fast", "label": "LVM"}
    group = {"kind": "lvm", "name": "vg0", "devices": ["/dev/nvme0n1"], "size": 10**12}
    async with running(seed={"nodes": [{"name": "pve-node1", "disks": [disk], "spaces": [group]}]}) as api:
        assert await disks(api) == {"/dev/nvme0n1": "LVM"}
        assert await api.get("/nodes/pve-node1/scan/lvm") == [{"vg": "vg0"}]
        assert (await api.get(f"{DISKS}/smart", disk="/dev/nvme0n1"))["type"] == "text"
