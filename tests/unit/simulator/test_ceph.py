"""Ceph on simulated nodes: installed, initialized, given monitors and disks, and used as storage."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxmox_mpc.simulator._routes import routes
from tests.conformance import returns
from tests.unit.simulator.api import Api, running

NODES = ("pve-node1", "pve-node2", "pve-node3")
CEPH = "/nodes/pve-node1/ceph"
SIZE = 480_103_981_056


async def three_nodes(api: Api) -> Api:
    """Three monitors and three disks, one of each per node."""
    root = await api.as_root()
    await root.do("POST", f"{CEPH}/init", network="192.0.2.0/24")
    for node in NODES:
        assert await root.run("POST", f"/nodes/{node}/ceph/mon/{node}") == "OK"
        assert await root.run("POST", f"/nodes/{node}/ceph/osd", dev="/dev/sdb") == "OK"
    return root


@pytest.fixture
async def ceph() -> AsyncIterator[Api]:
    async with running(seed={"ceph": True}) as api:
        yield await three_nodes(api)


async def health(api: Api) -> tuple[str, list[str]]:
    found = (await api.get("/cluster/ceph/status"))["health"]
    return found["status"], sorted(found["checks"])


async def test_nothing_works_before_it_is_installed_and_initialized(api: Api) -> None:
    assert (await api.call("GET", f"{CEPH}/status")).reason == "binary not installed: /usr/bin/ceph-mon"
    assert (await api.call("POST", f"{CEPH}/init")).reason == "binary not installed: /usr/bin/ceph-mon"
    async with running(seed={"ceph": ["pve-node1"]}) as other:
        assert (await other.call("GET", f"{CEPH}/mon")).reason == "pveceph configuration not initialized"
        await other.do("POST", f"{CEPH}/init", network="192.0.2.0/24")
        assert "rados_connect failed" in (await other.call("GET", f"{CEPH}/status")).reason
        assert "public_network = 192.0.2.0/24" in await other.get(f"{CEPH}/cfg/raw")
        elsewhere = await other.call("POST", "/nodes/pve-node2/ceph/mon/pve-node2")
        assert elsewhere.reason == "binary not installed: /usr/bin/ceph-mon"


async def test_three_nodes_make_a_healthy_cluster(ceph: Api) -> None:
    assert await health(ceph) == ("HEALTH_OK", [])
    status = await ceph.get(f"{CEPH}/status")
    assert status["quorum_names"] == list(NODES)
    assert (status["osdmap"]["num_up_osds"], status["pgmap"]["bytes_total"]) == (3, 3 * SIZE)
    assert [m["state"] for m in await ceph.get(f"{CEPH}/mgr")] == ["active"]
    root = (await ceph.get(f"{CEPH}/osd"))["root"]["children"][0]
    assert [host["children"][0]["name"] for host in root["children"]] == ["osd.0", "osd.1", "osd.2"]
    disks = {d["devpath"]: (d.get("used"), d["osdid"]) for d in await ceph.get("/nodes/pve-node2/disks/list")}
    assert (disks["/dev/sdb"], disks["/dev/sdc"]) == (("LVM", 1), (None, -1))
    again = await ceph.call("POST", "/nodes/pve-node2/ceph/osd", dev="/dev/sdb")
    assert again.reason == "device '/dev/sdb' is already in use"


async def test_a_pool_is_a_storage_that_keeps_several_copies(ceph: Api) -> None:
    assert await ceph.run("POST", f"{CEPH}/pool", name="vms", add_storages=1, target_size="100G") == "OK"
    before = await ceph.get("/nodes/pve-node2/storage/vms/status")
    assert before["total"] == int(3 * SIZE * 0.95 / 3)
    assert await ceph.run("POST", "/nodes/pve-node1/qemu", vmid=100, scsi0="vms:32") == "OK"
    volume = ceph.sim.cluster.shelf("vms", "pve-node1")["vm-100-disk-0"]
    volume.used = 8 * 1024**3
    rows = {p["pool_name"]: p for p in await ceph.get(f"{CEPH}/pool")}
    assert (rows["vms"]["size"], rows["vms"]["bytes_used"]) == (3, 3 * volume.used)
    assert rows["vms"]["target_size"] == 100 * 1024**3
    assert (await ceph.get("/nodes/pve-node3/storage/vms/status"))["used"] == volume.used
    assert (await ceph.get(f"{CEPH}/status"))["pgmap"]["bytes_used"] == 3 * volume.used
    held = await ceph.call("DELETE", f"{CEPH}/pool/vms")
    assert held.reason == "ceph pool 'vms' still in use by storage 'vms'"
    assert await ceph.run("PUT", f"{CEPH}/pool/vms", size=2, pg_num=64) == "OK"
    assert (await ceph.get(f"{CEPH}/pool/vms/status", verbose=1))["pg_num"] == 64
    assert await ceph.run("DELETE", f"{CEPH}/pool/vms", force=1, remove_storages=1) == "OK"
    assert "vms" not in [row["storage"] for row in await ceph.get("/storage")]


async def test_erasure_coding_has_a_pool_for_the_names_and_one_for_the_data(ceph: Api) -> None:
    assert await ceph.run("POST", f"{CEPH}/pool", name="cold", **{"erasure-coding": "k=2,m=1"}) == "OK"
    storage = await ceph.get("/storage/cold")
    assert (storage["pool"], storage["data-pool"]) == ("cold-metadata", "cold-data")
    assert (await ceph.get("/nodes/pve-node1/storage/cold/status"))["total"] == int(3 * SIZE * 0.95 / 1.5)


async def test_a_disk_leaves_only_when_its_daemon_is_out_and_down(ceph: Api) -> None:
    osd = "/nodes/pve-node3/ceph/osd/2"
    assert (await ceph.call("DELETE", osd)).reason == "osd.2 is in use (in == 1)"
    await ceph.do("POST", f"{osd}/out")
    assert (await ceph.call("DELETE", osd)).reason == "osd.2 is still running"
    assert await ceph.run("POST", "/nodes/pve-node3/ceph/stop", service="osd.2") == "OK"
    assert await ceph.run("DELETE", osd, cleanup=1) == "OK"
    unused = await ceph.get("/nodes/pve-node3/disks/list", type="unused")
    assert "/dev/sdb" in [d["devpath"] for d in unused]
    assert await health(ceph) == ("HEALTH_WARN", ["TOO_FEW_OSDS"])


async def test_a_node_that_is_gone_is_missed_and_two_are_too_many(ceph: Api) -> None:
    ceph.sim.faults.node_down("pve-node3")
    assert await health(ceph) == ("HEALTH_WARN", ["MON_DOWN", "OSD_DOWN"])
    ceph.sim.faults.node_down("pve-node2")
    assert (await ceph.call("GET", f"{CEPH}/status")).reason == "got timeout"
    ceph.sim.faults.node_up("pve-node2")
    ceph.sim.faults.node_up("pve-node3")
    assert await health(ceph) == ("HEALTH_OK", [])


async def test_a_file_system_needs_a_metadata_server(ceph: Api) -> None:
    assert "no running Metadata Server" in (await ceph.call("POST", f"{CEPH}/fs/shared")).reason
    await ceph.run("POST", f"{CEPH}/mds/pve-node1")
    await ceph.run("POST", "/nodes/pve-node2/ceph/mds/pve-node2")
    assert await ceph.run("POST", f"{CEPH}/fs/shared", **{"add-storage": 1}) == "OK"
    states = {m["name"]: m["state"] for m in await ceph.get(f"{CEPH}/mds")}
    assert states == {"pve-node1": "up:active", "pve-node2": "up:standby"}
    assert (await ceph.get("/nodes/pve-node1/storage/shared/status"))["total"] == int(3 * SIZE * 0.95 / 3)
    assert (await ceph.call("DELETE", f"{CEPH}/pool/shared_data")).reason.endswith("still in use by CephFS 'shared'")


async def test_flags_are_set_and_stopping_too_much_is_unsafe(ceph: Api) -> None:
    assert await ceph.run("PUT", "/cluster/ceph/flags", noout=1, norebalance=1) == "OK"
    await ceph.do("PUT", "/cluster/ceph/flags/norebalance", value=0)
    assert [f["name"] for f in await ceph.get("/cluster/ceph/flags") if f["value"]] == ["noout"]
    assert await health(ceph) == ("HEALTH_WARN", ["OSDMAP_FLAGS"])
    question = {"service": "mon", "id": "pve-node1", "action": "stop"}
    assert (await ceph.get(f"{CEPH}/cmd-safety", **question))["safe"] == 1
    await ceph.run("POST", "/nodes/pve-node2/ceph/stop", service="mon.pve-node2")
    assert (await ceph.get(f"{CEPH}/cmd-safety", **question))["safe"] == 0
    for node in NODES[1:]:
        assert await ceph.run("POST", f"/nodes/{node}/ceph/start") == "OK"
        assert await ceph.run("DELETE", f"/nodes/{node}/ceph/mon/{node}") == "OK"
    assert (await ceph.call("DELETE", f"{CEPH}/mon/pve-node1")).reason == "can't remove last monitor"


async def test_it_survives_a_restart(tmp_path: Any) -> None:
    async with running(seed={"ceph": True}, persist=tmp_path / "state") as api:
        await three_nodes(api)
    async with running(persist=tmp_path / "state") as api:
        assert await health(api) == ("HEALTH_OK", [])


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_all_that_can_be_read_has_the_shape_of_the_schema(version: str) -> None:
    names = {"node": "pve-node1", "name": "vms", "osdid": "0", "flag": "noout"}
    query: dict[str, dict[str, str]] = {
        "cfg/value": {"config-keys": "global:fsid"},
        "cmd-safety": {"service": "osd", "id": "0", "action": "stop"},
    }
    wrong, read = [], 0
    async with running(seed={"ceph": True}, pve_version=version) as api:
        root = await three_nodes(api)
        await root.run("POST", f"{CEPH}/pool", name="vms")
        for path, verbs in routes(version).paths.items():
            if "GET" in verbs and re.search(r"/ceph(/|$)", path):
                filled = re.sub(r"\{(\w+)\}", lambda m: names[m[1]], path)
                asked = next((q for ending, q in query.items() if path.endswith(ending)), {})
                data = await root.get(filled, **asked)
                read += 1
                wrong += [f"{path}: {text}" for text in returns.complaints(version, "GET", path, data)]
    assert read > 20
    assert not wrong
