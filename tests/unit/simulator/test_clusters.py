"""Clusters are made, grow and shrink; guests go from one to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proxmox_mpc.simulator import Simulator, _certificate
from tests.unit.simulator.api import Api, running

CONFIG = "/cluster/config"


async def test_a_node_on_its_own_becomes_a_cluster_and_gets_members() -> None:
    async with running(preset="empty", nodes=1) as api:
        root = await api.as_root()
        assert (await root.call("GET", f"{CONFIG}/join")).status == 424
        assert await root.run("POST", CONFIG, clustername="lab", link0="192.0.2.11,priority=5") == "OK"
        again = await root.call("POST", CONFIG, clustername="lab")
        assert "corosync.conf' already exists" in again.reason
        assert (await root.get(f"{CONFIG}/totem"))["cluster_name"] == "lab"
        made = await root.do("POST", f"{CONFIG}/nodes/second", new_node_ip="192.0.2.77", votes=2)
        assert "ring0_addr: 192.0.2.77" in made["corosync_conf"]
        members = {row["node"]: row for row in await root.get(f"{CONFIG}/nodes")}
        assert members["second"]["quorum_votes"] == "2"
        rows = {row["name"]: row for row in await root.get("/cluster/status")}
        assert (rows["lab"]["nodes"], rows["second"]["online"], rows["second"]["ip"]) == (2, 1, "192.0.2.77")
        assert await root.run("POST", "/nodes/second/qemu", vmid=100, scsi0="local-lvm:4") == "OK"
        taken = await root.call("POST", f"{CONFIG}/nodes/third", new_node_ip="192.0.2.77")
        assert "already used" in taken.reason
        api.sim.faults.node_down("second")
        api.sim.faults.node_up("second")
        assert "is online" in (await root.call("DELETE", f"{CONFIG}/nodes/second")).reason


async def test_a_node_that_leaves_takes_its_local_volumes_with_it() -> None:
    async with running() as api:
        root = await api.as_root()
        for vmid, storage in ((500, "local-lvm"), (501, "shared-nfs")):
            assert await root.run("POST", "/nodes/pve-node2/qemu", vmid=vmid, scsi0=f"{storage}:1") == "OK"
        api.sim.faults.node_down("pve-node2")
        await root.do("DELETE", f"{CONFIG}/nodes/pve-node2")
        await root.do("POST", f"{CONFIG}/nodes/pve-node2", new_node_ip="192.0.2.12")
        assert await root.get("/nodes/pve-node2/storage/local-lvm/content") == []
        kept = {row["volid"] for row in await root.get("/nodes/pve-node1/storage/shared-nfs/content")}
        assert any("vm-501-disk-0" in volid for volid in kept)


async def test_joining_asks_the_other_cluster_and_says_what_is_wrong() -> None:
    async with Simulator(password="secret-1") as other, running(preset="empty", nodes=1) as api:
        root = await api.as_root()
        place = {"hostname": f"127.0.0.1:{other.port}", "fingerprint": other.fingerprint, "password": "secret-1"}
        assert "two simulators cannot become one" in await root.run("POST", f"{CONFIG}/join", **place)
        wrong = {**place, "fingerprint": ":".join(["AA"] * 32)}
        assert "not verified, abort!" in await root.run("POST", f"{CONFIG}/join", **wrong)
        assert "No route to host" in await root.run("POST", f"{CONFIG}/join", **{**place, "hostname": "192.0.2.1"})
        await root.run("POST", "/nodes/pve-node1/qemu", vmid=100)
        assert "already contains virtual guests" in (await root.call("POST", f"{CONFIG}/join", **place)).body["message"]


@asynccontextmanager
async def two(**options: Any) -> AsyncIterator[tuple[Api, Simulator, str]]:
    """A cluster to leave, one to go to, and the endpoint by which it is reached."""
    async with Simulator(nodes=1, **options) as there, running(nodes=1) as here:
        endpoint = (
            f"host=127.0.0.1,port={there.port},apitoken=PVEAPIToken={there.token},fingerprint={there.fingerprint}"
        )
        yield here, there, endpoint


def going(endpoint: str, **more: Any) -> dict[str, Any]:
    return {"target-endpoint": endpoint, "target-bridge": "vmbr1", "target-storage": "local-lvm:shared-nfs,1", **more}


async def test_a_running_machine_goes_to_another_cluster() -> None:
    async with two() as (here, there, endpoint):
        form = {"vmid": 100, "name": "web", "scsi0": "local-lvm:8", "net0": "virtio,bridge=vmbr0", "start": 1}
        assert await here.run("POST", "/nodes/pve-node1/qemu", **form) == "OK"
        move = going(endpoint, online=1, delete=1, **{"target-vmid": 555})
        assert await here.run("POST", "/nodes/pve-node1/qemu/100/remote_migrate", **move) == "OK"
        assert 100 not in here.sim.cluster.guests
        assert not any("100-disk" in name for name in here.sim.cluster.shelf("local-lvm", "pve-node1"))
        guest = there.cluster.guests[555]
        assert (guest.name, guest.is_running) == ("web", True)
        assert guest.live["scsi0"].startswith("shared-nfs:555/vm-555-disk-0.raw,size=8G")
        assert "bridge=vmbr1" in guest.live["net0"]
        assert "lock" not in guest.live
        assert there.cluster.volume("shared-nfs:555/vm-555-disk-0.raw", "pve-node1") is not None
        await there.cluster.finished(next(t for t in there.cluster.tasks if ":qmtunnel:" in t))
        assert [t.status for t in there.cluster.tasks.values() if t.type == "qmtunnel"] == ["OK"]


async def test_a_container_stays_when_nobody_says_delete() -> None:
    async with two() as (here, there, endpoint):
        form = {
            "vmid": 101,
            "ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst",
            "rootfs": "local-lvm:2",
        }
        assert await here.run("POST", "/nodes/pve-node1/lxc", **form) == "OK"
        assert await here.run("POST", "/nodes/pve-node1/lxc/101/remote_migrate", **going(endpoint)) == "OK"
        assert 101 in here.sim.cluster.guests
        assert there.cluster.guests[101].live["rootfs"].startswith("shared-nfs:101/")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target-bridge": "vmbr9"}, "bridge 'vmbr9' does not exist"),
        ({"target-storage": "nowhere"}, "storage 'nowhere' does not exist"),
        ({"target-vmid": 9000}, "VM 9000 already exists"),
    ],
)
async def test_a_refused_move_leaves_nothing_behind(change: dict[str, Any], says: str) -> None:
    async with two() as (here, there, endpoint):
        await here.run("POST", "/nodes/pve-node1/qemu", vmid=100, scsi0="local-lvm:8", net0="virtio,bridge=vmbr0")
        before = set(there.cluster.guests)
        move = {**going(endpoint), **change}
        assert says in await here.run("POST", "/nodes/pve-node1/qemu/100/remote_migrate", **move)
        assert set(there.cluster.guests) == before
        assert "lock" not in here.sim.cluster.guests[100].live


async def test_a_cluster_that_cannot_be_reached_or_believed() -> None:
    async with two() as (here, _, endpoint):
        await here.run("POST", "/nodes/pve-node1/qemu", vmid=100)
        path = "/nodes/pve-node1/qemu/100/remote_migrate"
        away = endpoint.replace("127.0.0.1", "192.0.2.1")
        assert "Failed to establish connection" in await here.run("POST", path, **going(away))
        forged = endpoint.partition("fingerprint=")[0] + "fingerprint=" + ":".join(["AA"] * 32)
        assert "fingerprint mismatch" in await here.run("POST", path, **going(forged))
        unknown = endpoint.replace("apitoken=PVEAPIToken=root@pam!", "apitoken=PVEAPIToken=root@pam!no")
        assert "401" in await here.run("POST", path, **going(unknown))


async def test_a_tunnel_that_breaks_leaves_nothing_behind(api: Api) -> None:
    path = "/nodes/pve-node1/qemu/700"
    opened = await api.do("POST", f"{path}/mtunnel", storages="local-lvm")
    assert (await api.call("POST", f"{path}/mtunnel")).status == 500, "its number is taken"
    url = f"{api.sim.url}/api2/json{path}/mtunnelwebsocket"
    query = {"socket": opened["socket"], "ticket": opened["ticket"]}
    async with aiohttp.ClientSession(headers=api.headers) as session, session.ws_connect(url, params=query) as socket:
        await socket.send_json({"cmd": "disk", "storage": "local-lvm", "size": 1024**3, "format": "raw"})
        assert (await socket.receive_json())["volid"] == "local-lvm:vm-700-disk-0"
        await socket.send_json({"cmd": "disk", "storage": "local", "size": 1, "format": "raw"})
        assert (await socket.receive_json()) == {"success": 0, "msg": "storage 'local' was not asked for"}
        await socket.send_json({"cmd": "config", "conf": "scsi0: local-lvm:base-9000-disk-0\n"})
        assert "did not come through the tunnel" in (await socket.receive_json())["msg"]
        for size in ("-1", "Infinity"):
            await socket.send_str(f'{{"cmd": "disk", "storage": "local-lvm", "size": {size}, "format": "raw"}}')
            assert (await socket.receive_json())["success"] == 0
        for noise in ("nonsense", "[" * 50_000):
            await socket.send_str(noise)
            assert (await socket.receive_json())["success"] == 0
    assert await api.ended(opened["upid"]) == "mtunnel exited unexpectedly"
    assert 700 not in api.sim.cluster.guests
    assert "vm-700-disk-0" not in api.sim.cluster.shelf("local-lvm", "pve-node1")
    forged = await api.call("GET", f"{path}/mtunnelwebsocket", socket=opened["socket"], ticket="PVEVNC:00000000::x")
    assert forged.status == 401


@pytest.mark.parametrize(
    ("kind", "line", "says"),
    [
        ("qemu", "memory: abc", "invalid configuration - memory"),
        ("qemu", "args: -S", "only root can set 'args' config"),
        ("qemu", "hostpci0: 0000:01:00.0", "only root can set 'hostpci0' config"),
        ("qemu", "scsi0: /dev/sdb", "Only root can pass arbitrary filesystem paths"),
        ("qemu", "unused0: local-lvm:base-9000-disk-0", "did not come through the tunnel"),
        ("qemu", "cores: 2\n[PENDING]\nmemory: abc", "pending changes"),
        ("qemu", "pool: mine", "'pool' is no configuration"),
        ("qemu", "vmid: 101", "'vmid' is no configuration"),
        ("qemu", "startup: order=1", "403 Permission check failed (/, Sys.Modify)"),
        ("lxc", "swap: abc", "invalid configuration - swap"),
        ("lxc", "lxc.apparmor.profile: unconfined", "not defined in schema"),
        ("lxc", "mp0: /etc,mp=/mnt", "only allowed for root@pam"),
        ("lxc", "features: mount=nfs", "only allowed for root@pam"),
        ("lxc", "hostname: box", "VM.Config.Network"),
    ],
)
async def test_what_comes_in_is_checked_like_what_is_made_here(api: Api, kind: str, line: str, says: str) -> None:
    await api.do("POST", "/access/users", userid="amy@pve", password="correct-horse")
    privileges = "VM.Allocate VM.Config.Options VM.Config.CPU VM.Config.Disk VM.Config.Memory Sys.Incoming".split()
    await api.do("POST", "/access/roles", roleid="mover", privs=",".join(privileges))
    await api.do("PUT", "/access/acl", path="/", roles="mover", users="amy@pve")
    amy, path = await api.as_user("amy@pve", "correct-horse"), f"/nodes/pve-node1/{kind}/700"
    opened = await amy.do("POST", f"{path}/mtunnel")
    query = {"socket": opened["socket"], "ticket": opened["ticket"]}
    url = f"{api.sim.url}/api2/json{path}/mtunnelwebsocket"
    async with api.session.ws_connect(url, params=query, headers=amy.headers) as socket:
        await socket.send_json({"cmd": "config", "conf": f"{line}\n"})
        refused = await socket.receive_json()
        assert (refused["success"], says in refused["msg"]) == (0, True), refused
        await socket.send_json({"cmd": "config", "conf": "cores: 2\nmemory: 512\nonboot: 1\n"})
        assert (await socket.receive_json()) == {"success": 1}
        assert (await api.get(f"{path}/config"))["cores"] == 2
    await api.get("/cluster/resources")


async def test_a_machine_takes_along_what_it_does_not_use() -> None:
    async with two() as (here, there, endpoint):
        path = "/nodes/pve-node1/qemu"
        drives = {"scsi0": "local-lvm:8", "scsi1": "local-lvm:1", "ide2": "none,media=cdrom", "boot": ""}
        await here.run("POST", path, vmid=100, efidisk0="local-lvm:1", ide0="local-lvm:cloudinit", **drives)
        await here.do("PUT", f"{path}/100/config", delete="scsi1")
        assert await here.run("POST", f"{path}/100/remote_migrate", **going(endpoint)) == "OK"
        came = there.cluster.guests[100].live
        assert all(there.cluster.volume(came[k].partition(",")[0], "pve-node1") for k in ("efidisk0", "unused0"))
        assert came["meta"] == here.sim.cluster.guests[100].live["meta"]


async def test_a_tunnel_ends_with_its_task_and_with_the_simulator(api: Api) -> None:
    for vmid in (700, 701):
        path = f"/nodes/pve-node1/qemu/{vmid}"
        opened = await api.do("POST", f"{path}/mtunnel")
        query = {"socket": opened["socket"], "ticket": opened["ticket"]}
        url = f"{api.sim.url}/api2/json{path}/mtunnelwebsocket"
        async with api.session.ws_connect(url, params=query, headers=api.headers) as socket:
            await socket.send_json({"cmd": "version"})
            assert (await socket.receive_json())["success"] == 1
            async with asyncio.timeout(5):
                if vmid == 700:
                    await api.do("DELETE", f"/nodes/pve-node1/tasks/{opened['upid']}")
                else:
                    # Nobody reads the end of this one.
                    await api.sim.stop()
                    return
                assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_nobody_is_sent_on_to_another_machine() -> None:
    """A server on this machine that answers with an address elsewhere: nothing is asked there, and no password told."""
    elsewhere, made = [], _certificate.make(["pve-node1"])

    async def listen(request: web.BaseRequest) -> web.Response:
        if request.path == "/elsewhere":
            elsewhere.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(listen))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=made.context).start()
    port = runner.addresses[0][1]
    try:
        async with running(preset="empty", nodes=1) as api:
            root = await api.as_root()
            place = {"hostname": f"127.0.0.1:{port}", "fingerprint": made.fingerprint, "password": "secret-1"}
            assert "307" in await root.run("POST", f"{CONFIG}/join", **place)
            await root.run("POST", "/nodes/pve-node1/qemu", vmid=100)
            target = f"host=127.0.0.1,port={port},apitoken=PVEAPIToken=a@pve!b=c,fingerprint={made.fingerprint}"
            form = {"target-endpoint": target, "target-storage": 1, "target-bridge": 1}
            assert "307" in await root.run("POST", "/nodes/pve-node1/qemu/100/remote_migrate", **form)
    finally:
        await runner.cleanup()
    assert elsewhere == []
