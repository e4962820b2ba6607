"""With QEMU: a real guest boots, is looked at and typed into over websockets, obeys, and never outlives the simulator."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pycdlib
import pytest

from proxmox_mpc.simulator import Qemu
from proxmox_mpc.simulator.machines.host import missing_programs
from tests.unit.simulator import tiny_system
from tests.unit.simulator.api import Api, running
from tests.unit.simulator.viewer import Stream, Viewer, connected

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=missing_programs() or "QEMU is there")

NODE = "/nodes/pve-node1"
VM = f"{NODE}/qemu/100"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with running(qemu=Qemu(tmp_path / "disks")) as found:
        yield found
        machines = list(found.sim.cluster.machines.values())
    assert all(machine.process.returncode is not None for machine in machines)


async def upload(api: Api, content: str, name: str, body: bytes) -> str:
    form = aiohttp.FormData({"content": content})
    form.add_field("filename", io.BytesIO(body), filename=name)
    url = f"{api.sim.url}/api2/json{NODE}/storage/local/upload"
    async with api.session.post(url, data=form, headers=api.headers) as answer:
        return await api.ended((await answer.json())["data"])


async def ended(api: Api, upid: str) -> str:
    """As `api.ended`, for real guests: they take real time."""
    for _ in range(600):
        status = await api.get(f"{NODE}/tasks/{upid}/status")
        if status["status"] == "stopped":
            return str(status["exitstatus"])
        await asyncio.sleep(0.05)
    raise AssertionError(f"{upid} does not end")


async def run(api: Api, method: str, path: str, **form: Any) -> str:
    return await ended(api, await api.do(method, path, **form))


async def made(api: Api, disk: str = "ide0", **config: Any) -> None:
    """The tiny system as VM 100, switched off."""
    assert await upload(api, "import", "tiny.raw", tiny_system.image()) == "OK"
    drive = {disk: "local-lvm:0,import-from=local:import/tiny.raw", "boot": f"order={disk}"}
    form = {"vmid": 100, "name": "tiny", "memory": 64, "serial0": "socket", **drive, **config}
    assert await run(api, "POST", f"{NODE}/qemu", **form) == "OK"


async def log_of(api: Api, upid: str) -> str:
    return "\n".join(line["t"] for line in await api.get(f"{NODE}/tasks/{upid}/log"))


async def booted(api: Api, stream: Stream, offer: dict[str, Any]) -> None:
    """At the serial port, wait until the system reacts. It does not write its greeting there, so we knock."""
    await stream.socket.send_str(f"{offer['user']}:{offer['ticket']}\n")
    assert await stream.read(2) == b"OK"
    async with asyncio.timeout(20):
        reading = asyncio.create_task(stream.read_until("."))
        while not reading.done():
            await stream.socket.send_str("0:1:.")
            await asyncio.wait({reading}, timeout=0.2)
        await reading


# Pixel rows of a letter's cell that VGA's blinking cursor never stands in, as bytes.
_ABOVE_CURSOR = 12 * 9 * 4


async def pixels(viewer: Viewer, row: int, column: int) -> bytes:
    await viewer.update(incremental=False)
    return viewer.cell(row, column)[:_ABOVE_CURSOR]


async def test_a_guest_boots_shows_its_screen_takes_keys_and_shuts_down(api: Api) -> None:
    await made(api)
    start = await api.do("POST", f"{VM}/status/start")
    assert await ended(api, start) == "OK"
    current = await api.get(f"{VM}/status/current")
    assert (current["status"], current["qmpstatus"]) == ("running", "running")
    os.kill(current["pid"], 0)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1, **{"generate-password": 1})
    terminal = await api.do("POST", f"{VM}/termproxy")
    async with connected(api, VM, offer) as pictures, connected(api, VM, terminal) as stream:
        viewer = Viewer(pictures)
        assert await viewer.log_in(offer["password"]) == ""
        await booted(api, stream, terminal)
        await viewer.update(incremental=False)
        assert (viewer.width, viewer.height) == (720, 400)
        first = len(tiny_system.GREETING)
        # The E of TINY SYSTEM, and the two of READY: the same letter looks the same wherever it stands.
        letters = [await pixels(viewer, 0, column) for column in (tiny_system.GREETING.index("E"), 13)]
        assert letters[0] == letters[1] != bytes(len(letters[0]))
        # Dots from knocking precede what is typed now: the first blank is where the next key goes.
        await asyncio.sleep(0.3)
        blank = await pixels(viewer, 20, 70)
        place = first
        while await pixels(viewer, 0, place) != blank:
            place += 1
        await viewer.type("EE")
        async with asyncio.timeout(10):
            while await pixels(viewer, 0, place + 1) != letters[0]:
                pass
        assert await pixels(viewer, 0, place) == letters[0]
        assert "EE" in await stream.read_until("EE"), "the serial port's console has it too"
        assert await run(api, "POST", f"{VM}/status/shutdown", timeout=20) == "OK"
        assert await pictures.is_closed()
        assert await stream.is_closed()
    assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"


async def test_power_pause_monitor_and_agent_are_qemus_own(api: Api, tmp_path: Path) -> None:
    await made(api, agent=1, machine="q35", disk="sata0", cores=64, memory=4096, audio0="device=AC97")
    start = await api.do("POST", f"{VM}/status/start")
    assert await ended(api, start) == "OK"
    log = await log_of(api, start)
    assert "started with 1024 MiB of memory instead of 4096" in log
    assert "started without audio0" in log
    assert (await api.call("POST", f"{VM}/agent/ping")).reason == "QEMU guest agent is not running"
    assert "q35" in (await api.get(f"{VM}/status/current"))["running-machine"]
    assert "running" in await api.do("POST", f"{VM}/monitor", command="info status")
    trace = tmp_path / "trace"
    for reaching_out in (f"migrate exec:echo${{IFS}}>{trace}", f"pmemsave 0 0x10 {trace}", f"logfile {trace}"):
        assert "is not passed on" in await api.do("POST", f"{VM}/monitor", command=reaching_out)
    assert not trace.exists()
    assert await run(api, "POST", f"{VM}/status/suspend") == "OK"
    assert (await api.get(f"{VM}/status/current"))["qmpstatus"] == "paused"
    assert (await api.call("POST", f"{VM}/status/shutdown")).reason == "VM is paused - cannot shutdown"
    assert await run(api, "POST", f"{VM}/status/resume") == "OK"
    assert await run(api, "POST", f"{VM}/status/reset") == "OK"
    assert (await api.call("PUT", f"{VM}/sendkey", key="nonsense")).status == 500
    pid = (await api.get(f"{VM}/status/current"))["pid"]
    assert await run(api, "POST", f"{VM}/status/stop") == "OK"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_guest_without_a_system_ignores_the_power_button_until_forced(api: Api) -> None:
    await run(api, "POST", f"{NODE}/qemu", vmid=100, memory=64, scsi0="local-lvm:1", scsihw="virtio-scsi-single")
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    assert await run(api, "POST", f"{VM}/status/shutdown", timeout=1) == "VM quit/powerdown failed - got timeout"
    assert await run(api, "POST", f"{VM}/status/shutdown", timeout=1, forceStop=1) == "OK"
    assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"


async def test_a_process_that_ends_by_itself_is_a_guest_that_is_off(api: Api) -> None:
    await made(api)
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    os.kill((await api.get(f"{VM}/status/current"))["pid"], signal.SIGKILL)
    await asyncio.wait_for(api.sim.cluster.next_change(), 10)
    assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    machine = api.sim.cluster.machines[100]
    api.sim.faults.node_down("pve-node1")
    await asyncio.wait_for(machine.gone.wait(), 10)


async def test_disks_are_copied_linked_grown_snapshotted_and_removed_as_files(api: Api, tmp_path: Path) -> None:
    def files() -> set[str]:
        return {path.name for path in (tmp_path / "disks").iterdir()}

    await made(api, disk="virtio0")
    assert len(files()) == 2, "what was uploaded, and the disk"
    assert await run(api, "PUT", f"{VM}/resize", disk="virtio0", size="8M") == "OK"
    assert await run(api, "POST", f"{VM}/snapshot", snapname="before") == "OK"
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    assert await run(api, "POST", f"{VM}/snapshot", snapname="after", vmstate=1) == "OK"
    assert await run(api, "PUT", f"{VM}/resize", disk="virtio0", size="+1M") == "OK"
    assert "9 MiB" in await api.do("POST", f"{VM}/monitor", command="info block -v")
    assert await run(api, "POST", f"{VM}/snapshot/after/rollback") == "OK"
    assert (await api.get(f"{VM}/status/current"))["qmpstatus"] == "running"
    assert await run(api, "POST", f"{VM}/snapshot/before/rollback") == "OK"
    assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"
    for name in ("before", "after"):
        assert await run(api, "DELETE", f"{VM}/snapshot/{name}") == "OK"
    assert await run(api, "POST", f"{VM}/clone", newid=101, full=1) == "OK"
    assert len(files()) == 3
    assert await run(api, "POST", f"{VM}/template") == "OK"
    assert await run(api, "POST", f"{VM}/clone", newid=102) == "OK"
    assert len(files()) == 4
    for vmid in (101, 102):
        assert await run(api, "POST", f"{NODE}/qemu/{vmid}/status/start") == "OK"
        offer = await api.do("POST", f"{NODE}/qemu/{vmid}/termproxy")
        async with connected(api, f"{NODE}/qemu/{vmid}", offer) as stream:
            await booted(api, stream, offer)
        assert await run(api, "POST", f"{NODE}/qemu/{vmid}/status/stop") == "OK"
    for vmid in (102, 101, 100):
        assert await run(api, "DELETE", f"{NODE}/qemu/{vmid}") == "OK"
    await run(api, "DELETE", f"{NODE}/storage/local/content/local:import/tiny.raw")
    assert files() == set()


async def test_a_suspended_machine_goes_on_where_it_was(api: Api) -> None:
    await made(api)
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    offer = await api.do("POST", f"{VM}/termproxy")
    async with connected(api, VM, offer) as stream:
        await booted(api, stream, offer)
    assert await run(api, "POST", f"{VM}/status/suspend", todisk=1) == "OK"
    assert not api.sim.cluster.machines
    assert await run(api, "POST", f"{VM}/status/resume") == "OK"
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        viewer = Viewer(stream)
        assert await viewer.log_in(offer["ticket"]) == ""
        async with asyncio.timeout(5):
            while await pixels(viewer, 0, len(tiny_system.GREETING)) == await pixels(viewer, 20, 70):
                pass
    assert await run(api, "POST", f"{VM}/status/shutdown", timeout=20) == "OK", "without booting again"


async def test_cloud_init_finds_its_seed(api: Api) -> None:
    config = {
        "ide2": "local-lvm:cloudinit",
        "ciuser": "amy",
        "ipconfig0": "ip=192.0.2.7/24",
        "net0": "virtio,bridge=vmbr0",
    }
    await made(api, **config)
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    assert "seed.iso" in await api.do("POST", f"{VM}/monitor", command="info block")
    host = api.sim.cluster.host
    assert host
    disc = pycdlib.PyCdlib()
    disc.open(str(host.folder(100) / "seed.iso"))
    assert disc.pvd.volume_identifier.decode().strip() == "cidata"
    texts = {}
    for name in ("user-data", "meta-data", "network-config"):
        for kind in ("rr_path", "joliet_path"):
            into = io.BytesIO()
            disc.get_file_from_iso_fp(into, **{kind: f"/{name}"})
            texts[name] = into.getvalue().decode()
    disc.close()
    assert "user: amy" in texts["user-data"]
    assert "192.0.2.7" in texts["network-config"]
    assert texts["meta-data"].startswith("instance-id: ")


async def test_an_uploaded_image_cannot_read_other_files(api: Api, tmp_path: Path) -> None:
    secret, image = tmp_path / "secret", tmp_path / "evil.qcow2"
    secret.write_bytes(b"secret".ljust(512))
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(secret), str(image)]
    await asyncio.to_thread(subprocess.run, command, check=True)
    assert "needs another file" in await upload(api, "import", "evil.qcow2", image.read_bytes())
    assert await api.get(f"{NODE}/storage/local/content", content="import") == []


async def test_a_serial_port_can_be_the_display(api: Api) -> None:
    await made(api, vga="serial0")
    assert await run(api, "POST", f"{VM}/status/start") == "OK"
    offer, terminal = await api.do("POST", f"{VM}/vncproxy", websocket=1), await api.do("POST", f"{VM}/termproxy")
    async with connected(api, VM, offer) as pictures, connected(api, VM, terminal) as stream:
        viewer = Viewer(pictures)
        assert await viewer.log_in(offer["ticket"]) == ""
        await booted(api, stream, terminal)
        await viewer.type("W")
        await stream.read_until("W")
        console = await api.sim.cluster.machines[100].serial("serial0")
        assert "W" in console.screen.text
        await viewer.update(incremental=False)
        assert viewer.cell(0, 0) != viewer.cell(20, 70)


async def test_disks_stay_with_the_state_and_what_ran_is_off(tmp_path: Path) -> None:
    options = {"qemu": Qemu(tmp_path / "disks"), "persist": tmp_path / "state.json"}
    async with running(**options) as api:
        await made(api)
        assert await run(api, "POST", f"{VM}/status/start") == "OK"
    async with running(**options) as api:
        assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"
        assert await run(api, "POST", f"{VM}/status/start") == "OK"
        offer = await api.do("POST", f"{VM}/termproxy")
        async with connected(api, VM, offer) as stream:
            await booted(api, stream, offer)


async def test_what_cannot_start_says_why(api: Api) -> None:
    await run(api, "POST", f"{NODE}/qemu", vmid=100, memory=64, net0="virtio,bridge=vmbr0")
    api.sim.cluster.guests[100].live["net0"] = "model=nonsense,macaddr=BC:24:11:00:00:01,bridge=vmbr0"
    # 1, or 255 where QEMU's own sandbox is already up.
    said = await run(api, "POST", f"{VM}/status/start")
    assert re.search(r"start failed: QEMU exited with code \d+: .*'nonsense'", said)
    assert (await api.get(f"{VM}/status/current"))["status"] == "stopped"


async def test_nothing_is_left_when_the_simulator_is_killed(tmp_path: Path) -> None:
    """In a process of its own, which gets no chance to clean up."""
    program = f"""
import asyncio
from proxmox_mpc.simulator import Qemu
from tests.unit.simulator.api import running

async def main():
    async with running(qemu=True) as api:
        await api.run("POST", "{NODE}/qemu", vmid=100, memory=32)
        await api.run("POST", "{VM}/status/start")
        print((await api.get("{VM}/status/current"))["pid"], flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TMPDIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout
    try:
        pid = int(await asyncio.wait_for(process.stdout.readline(), 30))
        assert "qemu" in Path(f"/proc/{pid}/cmdline").read_text()
    finally:
        process.kill()
        await process.wait()
    for _ in range(250):
        if not _is_alive(pid):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"QEMU {pid} still runs")


def _is_alive(pid: int) -> bool:
    """Does the process run? One that waits to be buried does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
