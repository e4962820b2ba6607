"""What only several nodes, templates and thin storage show: the recordings have none of it."""

from __future__ import annotations

import pytest

from tests.unit.simulator.api import Api

NODE = "/nodes/pve-node1"
TEMPLATE = f"{NODE}/qemu/9000"
CT_TEMPLATE = "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"


async def test_linked_clones_keep_their_template(api: Api) -> None:
    assert await api.run("POST", f"{TEMPLATE}/clone", newid=101, full=0) == "OK"
    assert (await api.get(f"{NODE}/qemu/101/config"))["scsi0"] == "local-lvm:vm-101-disk-0,size=4G"
    assert "is still in use by linked cloned" in await api.run("DELETE", TEMPLATE)
    assert await api.run("DELETE", f"{NODE}/qemu/101") == "OK"
    assert await api.run("DELETE", TEMPLATE) == "OK"
    assert await api.get(f"{NODE}/storage/local-lvm/content") == []


async def test_clone_has_its_own_identity(api: Api) -> None:
    assert await api.run("POST", f"{TEMPLATE}/clone", newid=101, name="one", full=1) == "OK"
    source, clone = await api.get(f"{TEMPLATE}/config"), await api.get(f"{NODE}/qemu/101/config")
    for key in ("net0", "smbios1", "vmgenid", "scsi0", "digest"):
        assert source[key] != clone[key], key
    for key in ("cores", "memory", "agent", "boot"):
        assert source[key] == clone[key], key


@pytest.mark.parametrize("online", [0, 1])
async def test_migration_takes_local_disks_along(api: Api, online: int) -> None:
    assert await api.run("POST", f"{TEMPLATE}/clone", newid=101, full=1) == "OK"
    if online:
        assert await api.run("POST", f"{NODE}/qemu/101/status/start") == "OK"
        assert await api.run("POST", f"{NODE}/qemu/101/migrate", target="pve-node2", online=1) == "migration aborted"
    with_disks = {"with-local-disks": 1, "online": online}
    assert await api.run("POST", f"{NODE}/qemu/101/migrate", target="pve-node2", **with_disks) == "OK"
    [row] = [r for r in await api.get("/cluster/resources", type="vm") if r["vmid"] == 101]
    assert (row["node"], row["status"]) == ("pve-node2", "running" if online else "stopped")
    assert len(await api.get("/nodes/pve-node2/storage/local-lvm/content", vmid=101)) == 2
    assert await api.get(f"{NODE}/storage/local-lvm/content", vmid=101) == []
    gone = await api.call("GET", f"{NODE}/qemu/101/config")
    assert gone.reason == "Configuration file 'nodes/pve-node1/qemu-server/101.conf' does not exist"


async def test_container_migrates_by_restart(api: Api) -> None:
    net = "name=eth0,bridge=vmbr0,ip=dhcp"
    made = await api.run(
        "POST", f"{NODE}/lxc", vmid=200, ostemplate=CT_TEMPLATE, rootfs="local-lvm:8", net0=net, hostname="ct", start=1
    )
    assert made == "OK"
    assert await api.run("POST", f"{NODE}/lxc/200/migrate", target="pve-node3", restart=1) == "OK"
    assert (await api.get("/nodes/pve-node3/lxc/200/status/current"))["status"] == "running"


async def test_changes_wait_until_the_machine_stops(api: Api) -> None:
    assert await api.run("POST", f"{NODE}/qemu", vmid=101, cores=1, memory=512) == "OK"
    assert await api.run("POST", f"{NODE}/qemu/101/status/start") == "OK"
    await api.call("PUT", f"{NODE}/qemu/101/config", cores=4, name="new-name")
    rows = {r["key"]: r for r in await api.get(f"{NODE}/qemu/101/pending")}
    assert (rows["cores"]["value"], rows["cores"]["pending"]) == (1, 4)
    assert rows["name"] == {"key": "name", "value": "new-name"}
    assert await api.run("POST", f"{NODE}/qemu/101/status/stop") == "OK"
    assert (await api.get(f"{NODE}/qemu/101/config", current=1))["cores"] == 4


async def test_detached_disk_becomes_unused_and_comes_back(api: Api) -> None:
    assert await api.run("POST", f"{NODE}/qemu", vmid=101, scsi0="local-lvm:4") == "OK"
    await api.call("PUT", f"{NODE}/qemu/101/config", delete="scsi0")
    config = await api.get(f"{NODE}/qemu/101/config")
    assert (config["unused0"], config["boot"]) == ("local-lvm:vm-101-disk-0", " ")
    await api.call("PUT", f"{NODE}/qemu/101/config", virtio1="local-lvm:vm-101-disk-0")
    config = await api.get(f"{NODE}/qemu/101/config")
    assert config["virtio1"] == "local-lvm:vm-101-disk-0,size=4G"
    assert "unused0" not in config


async def test_json_bodies_with_real_types(api: Api) -> None:
    body = {"vmid": 101, "cores": 2, "onboot": True, "name": "json"}
    url = f"{api.sim.url}/api2/json{NODE}/qemu"
    async with api.session.post(url, json=body, headers=api.headers, ssl=False) as answer:
        upid = (await answer.json())["data"]
    assert await api.ended(upid) == "OK"
    config = await api.get(f"{NODE}/qemu/101/config")
    assert (config["cores"], config["onboot"], config["name"]) == (2, 1, "json")


async def test_backup_and_restore_of_a_container(api: Api) -> None:
    made = await api.run("POST", f"{NODE}/lxc", vmid=200, ostemplate=CT_TEMPLATE, rootfs="local-lvm:8", hostname="ct")
    assert made == "OK"
    assert await api.run("POST", f"{NODE}/vzdump", vmid=200, storage="local", compress="zstd") == "OK"
    [archive] = await api.get(f"{NODE}/storage/local/content", content="backup")
    restored = {"ostemplate": archive["volid"], "restore": 1, "storage": "local-lvm"}
    assert await api.run("POST", f"{NODE}/lxc", vmid=201, **restored) == "OK"
    assert (await api.get(f"{NODE}/lxc/201/config"))["hostname"] == "ct"


async def test_addresses_of_a_container(api: Api) -> None:
    nets = {
        "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.5/16,ip6=fd00::5/64",
        "net1": "name=eth1,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip=dhcp",
        "net2": "name=eth2,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,ip=manual,ip6=auto",
    }
    made = {"vmid": 200, "ostemplate": CT_TEMPLATE, "rootfs": "local-lvm:8", **nets}
    assert await api.run("POST", f"{NODE}/lxc", **made) == "OK"
    assert await api.get(f"{NODE}/lxc/200/interfaces") is None
    assert await api.run("POST", f"{NODE}/lxc/200/status/start") == "OK"
    lo, fixed, leased, free = await api.get(f"{NODE}/lxc/200/interfaces")
    assert (lo["name"], lo["inet"], lo["inet6"]) == ("lo", "127.0.0.1/8", "::1/128")
    assert lo["ip-addresses"][0] == {"ip-address": "127.0.0.1", "ip-address-type": "inet", "prefix": 8}
    assert fixed == {
        "name": "eth0", "hwaddr": "bc:24:11:00:00:01", "hardware-address": "bc:24:11:00:00:01",
        "inet": "10.0.0.5/16", "inet6": "fd00::5/64",
        "ip-addresses": [
            {"ip-address": "10.0.0.5", "ip-address-type": "inet", "prefix": 16},
            {"ip-address": "fd00::5", "ip-address-type": "inet6", "prefix": 64},
        ],
    }  # fmt: skip
    [address] = leased["ip-addresses"]
    assert leased["inet"] == f"{address['ip-address']}/{address['prefix']}" == "192.0.2.20/24"
    assert "inet" not in free
    assert free["inet6"] == "2001:db8::c8/64"
