"""Starting, seeding, keeping and disturbing a simulator."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from proxmox_mpc.simulator import Simulator
from tests.unit.simulator.api import Api, running


def test_command_line_greets_and_ends_cleanly() -> None:
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--preset", "empty", "--nodes", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        greeting = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert greeting["nodes"] == ["pve-node1", "pve-node2"]
    assert greeting["url"].startswith("https://127.0.0.1:")
    assert set(greeting) == {"url", "fingerprint", "user", "password", "token", "nodes"}


async def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    async with Simulator("empty", nodes=1, tls=False) as sim:
        command = [sys.executable, "-m", "proxmox_mpc.simulator", "--preset", "empty", "--port", str(sim.port)]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, told = await process.communicate()
    assert process.returncode == 1
    assert "address already in use" in told.decode()
    assert len(told.splitlines()) == 1


async def test_the_certificate_has_the_fingerprint_that_is_told() -> None:
    async with Simulator("empty", nodes=1) as sim, aiohttp.ClientSession() as session:
        pinned = aiohttp.Fingerprint(bytes.fromhex(sim.fingerprint.replace(":", "")))
        headers = {"Authorization": f"PVEAPIToken={sim.token}"}
        async with session.get(f"{sim.url}/api2/json/version", headers=headers, ssl=pinned) as answer:
            assert answer.status == 200


async def test_the_same_fleet_for_the_same_seed() -> None:
    first, second = Simulator(guests=50), Simulator(guests=50)
    other = Simulator(guests=50, guest_seed=2)
    confs = [{v: g.conf for v, g in sim.cluster.guests.items()} for sim in (first, second, other)]
    assert confs[0] == confs[1]
    assert confs[0] != confs[2]
    assert len(confs[0]) == 51


async def test_seed_brings_nodes_guests_and_users() -> None:
    seed = {
        "nodes": [{"name": "alpha", "cpus": 4}, "beta"],
        "users": [{"userid": "amy@pve", "password": "long-enough"}],
        "acl": [{"path": "/", "type": "user", "ugid": "amy@pve", "roleid": "PVEAuditor"}],
        "pools": [{"poolid": "web", "guests": [100]}],
        "files": ["local:iso/tools.iso"],
        "guests": [
            {
                "vmid": 100,
                "type": "qemu",
                "node": "beta",
                "conf": "name: web\nscsi0: local-lvm:vm-100-disk-0,size=8G\n",
            },
            {"vmid": 101, "type": "lxc", "status": "running", "config": {"hostname": "ct", "rootfs": "local:1"}},
        ],
    }
    async with running(seed=seed) as api:
        amy = await api.as_user("amy@pve", "long-enough")
        assert [n["node"] for n in await amy.get("/nodes")] == ["alpha", "beta"]
        rows = {r["vmid"]: r for r in await amy.get("/cluster/resources", type="vm")}
        assert (rows[100]["pool"], rows[100]["maxdisk"]) == ("web", 8 * 1024**3)
        assert (rows[101]["node"], rows[101]["status"]) == ("alpha", "running")
        assert await api.run("POST", "/nodes/beta/qemu/100/status/start") == "OK"
        assert len(await api.get("/nodes/beta/storage/local/content", content="iso")) == 1


async def test_real_configurations_can_be_read_over_the_api(ground_truth: Path) -> None:
    files = sorted((ground_truth / "configs" / "qemu").glob("*.conf"))
    guests = [{"vmid": 1000 + i, "type": "qemu", "conf": file.read_text()} for i, file in enumerate(files)]
    async with running(seed={"guests": guests}) as api:
        for guest in guests:
            for view in ("config", "pending", "status/current", "snapshot"):
                answer = await api.call("GET", f"/nodes/pve-node1/qemu/{guest['vmid']}/{view}")
                assert answer.status == 200, f"{files[guest['vmid'] - 1000].name} {view}: {answer.reason}"


async def test_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "cluster.json"
    async with running(persist=file) as api:
        assert await api.run("POST", "/nodes/pve-node2/qemu", vmid=100, scsi0="local-lvm:4", name="kept") == "OK"
        await api.call("POST", "/pools", poolid="kept", comment="yes")
        before = await api.get("/nodes/pve-node2/qemu/100/config")
        secret = api.sim.token
    async with running(persist=file) as api:
        assert api.sim.token == secret
        assert await api.get("/nodes/pve-node2/qemu/100/config") == before
        assert await api.get("/pools") == [{"poolid": "kept", "comment": "yes"}]
        assert [t["type"] for t in await api.get("/nodes/pve-node2/tasks")] == ["qmcreate"]
    assert not list(tmp_path.glob("*.tmp"))


async def test_faults_are_used_up(api: Api) -> None:
    api.sim.faults.answer(596, "Connection timed out", method="GET", path="^/version$", times=2)
    assert [(await api.call("GET", "/version")).status for _ in range(3)] == [596, 596, 200]
    # A POST, because the HTTP library repeats a GET by itself.
    api.sim.faults.drop(method="POST", path="^/pools$")
    with pytest.raises(aiohttp.ClientError):
        await api.call("POST", "/pools", poolid="p")
    assert await api.get("/pools") == []
    assert (await api.call("POST", "/pools", poolid="p")).status == 200


async def test_a_node_that_is_down(api: Api) -> None:
    api.sim.faults.node_down("pve-node2")
    assert (await api.call("GET", "/nodes/pve-node2/qemu")).status == 595
    states = {n["node"]: n["status"] for n in await api.get("/nodes")}
    assert states == {"pve-node1": "online", "pve-node2": "offline", "pve-node3": "online"}
    api.sim.faults.node_up("pve-node2")
    assert (await api.call("GET", "/nodes/pve-node2/qemu")).status == 200


async def test_requests_are_remembered(api: Api) -> None:
    await api.get("/version")
    await api.call("POST", "/pools", poolid="p")
    assert list(api.sim.requests)[-2:] == [("GET", "/version"), ("POST", "/pools")]


async def test_the_older_version() -> None:
    async with running(pve_version="8.4") as api:
        assert (await api.get("/version"))["release"] == "8.4"
        kinds = {r["type"] for r in await api.get("/cluster/resources")}
        assert "sdn" in kinds
        assert "network" not in kinds


async def test_unknown_items_are_errors(api: Api) -> None:
    for path in ("/nodes/pve-node1/disks/zfs/tank", "/nodes/pve-node1/ceph/pool/rbd", "/cluster/ceph/flags/noout"):
        assert (await api.call("GET", path)).status == 500


async def test_a_connection_ends_after_a_hundred_answers() -> None:
    """As PVE's do (9.1); whoever keeps connections must be able to live with that."""
    async with Simulator(tls=False) as sim:
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
        answers = 0
        while True:
            writer.write(b"GET /api2/json/access/domains HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
            answers += 1
            if b"Connection: close" in head:
                break
        assert await reader.read() == b""
        writer.close()
    assert answers == 100


async def test_a_body_that_is_too_large_is_not_waited_for() -> None:
    """Whoever has no log-in must not fill the memory: half a megabyte is all that is read (http-paths, 9.1)."""
    async with Simulator(tls=False) as sim:
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
        head = b"POST /api2/json/access/ticket HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000000\r\n\r\n"
        writer.write(head + b"a" * 600_000)
        assert await asyncio.wait_for(reader.readline(), 5) == b"HTTP/1.1 501 for data too large\r\n"
        writer.close()


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ([], "not a JSON object"),
        ({"nope": 1}, "nope: there is no such key"),
        ({"nodes": [{"nme": "a"}]}, "nodes[0].name: is missing"),
        ({"nodes": ["a", "a"]}, "a is there twice"),
        ({"nodes": ["bad name!"]}, "nodes[0]"),
        ({"guests": [{"vmid": 101, "type": "qemu"}]}, "needs `config`"),
        ({"guests": [{"vmid": 101, "type": "vm", "config": {}}]}, "guests[0].type"),
        (
            {"nodes": ["a"], "guests": [{"vmid": 101, "type": "qemu", "node": "b", "config": {}}]},
            "is on b, which is no node",
        ),
        ({"users": [{"userid": "amy"}]}, "users[0].userid"),
        ({"requests": [{"method": "PATCH", "path": "/x"}]}, "requests[0].method"),
    ],
)
def test_a_seed_that_cannot_be_is_refused_in_words(seed: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Simulator(seed=seed)  # type: ignore[arg-type]


async def test_one_unreadable_setting_of_a_seed_does_not_break_every_list() -> None:
    guest = {"vmid": 101, "type": "qemu", "config": {"cores": "lots", "memory": 512}, "status": "running"}
    async with running(seed={"guests": [guest]}) as api:
        root = await api.as_user("root@pam", api.sim.password)
        assert [row["maxcpu"] for row in await root.get("/cluster/resources", type="vm") if row["vmid"] == 101] == [1]
        assert [line.partition(":")[0] for line in api.sim.refused] == ["guest 101"]


def test_a_file_that_keeps_no_cluster_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"x": 1}')
    with pytest.raises(ValueError, match="does not keep a simulated cluster"):
        Simulator(persist=file)
    assert file.read_text() == '{"x": 1}'
    with pytest.raises(ValueError, match="there is no directory"):
        Simulator(persist=tmp_path / "no" / "state.json")


@pytest.mark.parametrize("option", ["--nodes=0", "--guests=-5", "--time-scale=-1", "--port=99999", "--fault=node_down"])
def test_options_that_cannot_be_are_refused_in_words(option: str) -> None:
    command = [sys.executable, "-m", "proxmox_mpc.simulator", option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert option.split("=")[1].lstrip("-") in done.stderr
