"""Consoles without QEMU: what a browser's display and terminal get to see, and who is let in."""

from __future__ import annotations

import asyncio
import struct

import aiohttp
import pytest

from proxmox_mpc.simulator import SteppedClock
from proxmox_mpc.simulator.consoles import font, picture
from proxmox_mpc.simulator.consoles.screen import Screen
from tests.unit.simulator.api import Api, running
from tests.unit.simulator.viewer import Stream, Viewer, connected

VM, CT = "/nodes/pve-node1/qemu/100", "/nodes/pve-node1/lxc/200"


async def started(api: Api, **config: object) -> None:
    await api.run("POST", "/nodes/pve-node1/qemu", vmid=100, name="web", **config)
    assert await api.run("POST", f"{VM}/status/start") == "OK"


async def started_container(api: Api) -> None:
    template = "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"
    await api.run("POST", "/nodes/pve-node1/lxc", vmid=200, hostname="box", ostemplate=template, rootfs="local-lvm:1")
    assert await api.run("POST", f"{CT}/status/start") == "OK"


def screen_of(api: Api) -> Screen:
    """What the VM's drawn screen holds as text."""
    guest = api.sim.cluster.guests[100]
    return dict(api.sim.cluster.consoles.booted(guest))["tty1"].screen


def written(viewer: Viewer) -> str:
    """The picture read back, letter by letter, with nothing but the font's own shapes."""
    shapes = {}
    ink = struct.pack("<I", 0xAAAAAA)
    # Backwards, so that what looks like a blank (the underscore, where cursors stand) is one.
    for letter in map(chr, reversed(range(32, 127))):
        shapes[b"".join(ink if dot else bytes(4) for row in font.rows(letter)[:14] for dot in row)] = letter
    columns, rows = viewer.width // 9, viewer.height // 16
    lines = ["".join(shapes.get(viewer.cell(r, c), "?") for c in range(columns)).rstrip() for r in range(rows)]
    return "\n".join(lines).rstrip("\n")


async def shown(viewer: Viewer, text: str) -> str:
    """Look until the text is on the screen."""
    while text not in (found := written(viewer)):
        await viewer.update()
    return found


async def test_a_display_shows_the_boot_and_a_typed_key(api: Api) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        viewer = Viewer(stream)
        assert await viewer.log_in(offer["ticket"]) == ""
        assert (viewer.width, viewer.height, viewer.name) == (720, 400, "QEMU (web)")
        await viewer.update(incremental=False)
        assert written(viewer).startswith("Simulated BIOS")
        assert written(viewer).endswith("web login:")
        await viewer.type("amy\b\bnn")
        assert (await shown(viewer, "ann")).endswith("web login: ann")
        await viewer.type("\nsecret\nuname\n")
        assert "secret" not in await shown(viewer, "Linux")
        assert screen_of(api).text == written(viewer)


async def test_the_generated_password_opens_the_display_and_a_wrong_one_does_not(api: Api) -> None:
    await started(api)
    form = {"websocket": 1, "generate-password": 1}
    offer = await api.do("POST", f"{VM}/vncproxy", **form)
    async with connected(api, VM, offer) as stream:
        assert await Viewer(stream).log_in(offer["password"]) == ""
    offer = await api.do("POST", f"{VM}/vncproxy", **form)
    async with connected(api, VM, offer) as stream:
        assert await Viewer(stream).log_in("nonsense") == "Authentication failed"
        assert await stream.is_closed()


@pytest.mark.parametrize("pixel", [(8, 8, 0, 1, 7, 7, 3, 0, 3, 6), (16, 16, 1, 1, 31, 63, 31, 11, 5, 0)])
async def test_pixels_come_as_the_viewer_wants_them(api: Api, pixel: tuple[int, ...]) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        viewer = Viewer(stream)
        await viewer.log_in(offer["ticket"])
        await stream.socket.send_bytes(struct.pack(">B3xBBBBHHHBBB3x", 0, *pixel))
        await stream.socket.send_bytes(struct.pack(">BBHHHH", 3, 0, 0, 0, 720, 400))
        assert struct.unpack(">BxH", await stream.read(4)) == (0, 25)
        assert struct.unpack(">HHHHi", await stream.read(12)) == (0, 0, 720, 16, 0)
        row = await stream.read(720 * 16 * pixel[0] // 8)
        wanted = picture.PixelFormat.unpack(struct.pack(">BBBBHHHBBB3x", *pixel))
        assert {row[i : i + pixel[0] // 8] for i in range(0, len(row), pixel[0] // 8)} == {
            wanted.pixel(0),
            wanted.pixel(1),
        }


async def test_nothing_new_is_not_sent_again(api: Api) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        viewer = Viewer(stream)
        await viewer.log_in(offer["ticket"])
        await viewer.update(incremental=False)
        asking = asyncio.create_task(viewer.update())
        done, _ = await asyncio.wait({asking}, timeout=0.05)
        assert not done
        assert await api.do("PUT", f"{VM}/sendkey", key="shift-q") is None
        await asking
        assert written(viewer).endswith("web login: Q")


async def test_a_guest_that_goes_off_takes_its_display_along(api: Api) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        await Viewer(stream).log_in(offer["ticket"])
        assert await api.run("POST", f"{VM}/status/stop") == "OK"
        assert await stream.is_closed()
    assert await api.ended(offer["upid"]) == "OK"
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        assert await stream.is_closed(), "a guest that is off shows nothing"


async def test_a_paused_guest_does_not_notice_keys_and_a_reset_one_boots_again(api: Api) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        viewer = Viewer(stream)
        await viewer.log_in(offer["ticket"])
        await api.run("POST", f"{VM}/status/suspend")
        await api.do("PUT", f"{VM}/sendkey", key="x")
        await api.run("POST", f"{VM}/status/resume")
        await api.do("PUT", f"{VM}/sendkey", key="y")
        await viewer.update(incremental=False)
        assert written(viewer).endswith("web login: y")
        await api.run("POST", f"{VM}/status/reset")
        await viewer.update()
        assert written(viewer).endswith("web login:")


async def test_a_guest_without_a_system_says_so() -> None:
    async with running(preset="golden") as api:
        vm = "/nodes/pve1/qemu/100"
        api = await api.as_user("root@pam", api.sim.password)
        await api.run("POST", "/nodes/pve1/qemu", vmid=100)
        await api.run("POST", f"{vm}/status/start")
        offer = await api.do("POST", f"{vm}/vncproxy", websocket=1)
        async with connected(api, vm, offer) as stream:
            viewer = Viewer(stream)
            await viewer.log_in(offer["ticket"])
            await viewer.update(incremental=False)
            assert written(viewer).endswith("No bootable device.")


async def refused(api: Api, path: str, offer: dict[str, str], **changes: object) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as found:
        async with connected(api, path, offer, **changes):
            pass
    return found.value.status


async def test_only_who_asked_is_let_in_once_and_only_there(api: Api) -> None:
    await started(api)
    await api.run("POST", "/nodes/pve-node1/qemu", vmid=101)
    await api.do("POST", "/access/users", userid="amy@pve", password="secret-word")
    await api.do("PUT", "/access/acl", path="/vms", users="amy@pve", roles="PVEVMUser")
    amy = await api.as_user("amy@pve", "secret-word")
    offer = await amy.do("POST", f"{VM}/vncproxy", websocket=1)
    assert await refused(api, VM, offer) == 401, "another user"
    assert await refused(amy, "/nodes/pve-node1/qemu/101", offer) == 401, "another guest"
    assert await refused(amy, VM, offer, vncticket=offer["ticket"][:-6] + "AAAAA=") == 401, "another ticket"
    assert await refused(amy, VM, offer, port=int(offer["port"]) + 1) == 500, "another port"
    assert (await amy.get(f"{VM}/vncwebsocket", port=offer["port"], vncticket=offer["ticket"])) == {
        "port": offer["port"]
    }
    async with connected(amy, VM, offer) as stream:
        assert await Viewer(stream).log_in(offer["ticket"]) == ""
        assert await refused(amy, VM, offer) == 500, "a port serves once"
    assert (await amy.call("POST", "/access/vncticket", authid="amy@pve", vncticket=offer["ticket"],
                           path="/vms/100", privs="VM.Console")).status == 200  # fmt: skip


async def test_a_ticket_ends_and_so_does_an_offer_nobody_takes() -> None:
    clock = SteppedClock()
    async with running(clock=clock, time_scale=1.0) as api:
        await api.do("POST", "/nodes/pve-node1/qemu", vmid=100)
        await clock.pass_time(5)
        await api.do("POST", f"{VM}/status/start")
        await clock.pass_time(5)
        patient, late = [await api.do("POST", f"{VM}/vncproxy", websocket=1) for _ in range(2)]
        async with connected(api, VM, patient) as stream:
            await Viewer(stream).log_in(patient["ticket"])
            await clock.pass_time(11)
            assert await refused(api, VM, late) == 500, "PVE's proxy waits ten seconds"
            assert await api.ended(late["upid"]) == "connection timed out"
            await clock.pass_time(30)
            assert await refused(api, VM, late) == 401, "the ticket is too old"
            await stream.socket.close()
        assert await api.ended(patient["upid"]) == "OK"


async def test_stopping_the_task_closes_the_console(api: Api) -> None:
    await started(api)
    offer = await api.do("POST", f"{VM}/vncproxy", websocket=1)
    async with connected(api, VM, offer) as stream:
        await Viewer(stream).log_in(offer["ticket"])
        await api.do("DELETE", f"/nodes/pve-node1/tasks/{offer['upid']}")
        assert await stream.is_closed()


async def entered(stream: Stream, offer: dict[str, str]) -> None:
    await stream.socket.send_bytes(f"{offer['user']}:{offer['ticket']}\n".encode())
    assert await stream.read(2) == b"OK"


async def keys(stream: Stream, text: str) -> None:
    await stream.socket.send_str(f"0:{len(text.encode())}:{text}")


async def test_a_containers_terminal_and_display_are_the_same(api: Api) -> None:
    await started_container(api)
    offer = await api.do("POST", f"{CT}/termproxy")
    view = await api.do("POST", f"{CT}/vncproxy", websocket=1, width=900, height=480)
    async with connected(api, CT, view) as pictures, connected(api, CT, offer) as stream:
        viewer = Viewer(pictures)
        await viewer.log_in(view["ticket"])
        assert (viewer.width, viewer.height) == (900, 480)
        await entered(stream, offer)
        await stream.read_until("box login: ")
        await keys(stream, "root\rany\rhostname\rnope ü\r")
        found = await stream.read_until("nope: command not found")
        assert "box\r\n" in found
        assert "any" not in found
        await stream.socket.send_str("2")
        await stream.socket.send_str("1:40:10:")
        await viewer.update()
        assert (viewer.width, viewer.height) == (360, 160), "the viewer follows the terminal's new size"
        await viewer.update()
        assert "nope: command not found" in written(viewer)


async def test_a_terminal_asks_for_the_ticket(api: Api) -> None:
    await started(api, serial0="socket")
    offer = await api.do("POST", f"{VM}/termproxy")
    async with connected(api, VM, offer) as stream:
        await stream.socket.send_str(f"{offer['user']}:PVEVNC:00000000::AAAA\n")
        assert await stream.is_closed()
    assert (await api.call("POST", f"{VM}/termproxy", serial="serial1")).reason == (
        "serial interface 'serial1' is not correctly configured"
    )


@pytest.mark.parametrize("rude", [b"9", b"0:x:", b"0:-1:", b"0:99999999999", b"1:4:x:", b"0:999999999:"])
async def test_a_terminal_ends_where_the_protocol_is_broken(api: Api, rude: bytes) -> None:
    await started(api, serial0="socket")
    offer = await api.do("POST", f"{VM}/termproxy")
    async with connected(api, VM, offer) as stream:
        await entered(stream, offer)
        await stream.socket.send_bytes(rude)
        assert await stream.is_closed()
    assert await api.ended(offer["upid"]) == "OK"


async def test_a_nodes_shell_knows_a_few_words_and_runs_nothing(api: Api) -> None:
    root = await api.as_user("root@pam", api.sim.password)
    node = "/nodes/pve-node2"
    offer = await root.do("POST", f"{node}/termproxy")
    async with connected(root, node, offer) as stream:
        await entered(stream, offer)
        await stream.read_until("root@pve-node2:~# ")
        await keys(stream, "echo $(id)\rexit\r")
        assert "$(id)\r\n" in await stream.read_until("logout\r\n")
        assert await stream.is_closed()
    offer = await root.do("POST", f"{node}/vncshell", websocket=1)
    async with connected(root, node, offer) as stream:
        viewer = Viewer(stream)
        await viewer.log_in(offer["ticket"])
        await viewer.update(incremental=False)
        assert written(viewer) == "root@pve-node2:~#"
    spice = await root.do("POST", f"{node}/spiceshell")
    assert spice["type"] == "spice"
    await root.do("POST", "/access/users", userid="amy@pve", password="secret-word")
    await root.do("PUT", "/access/acl", path="/", users="amy@pve", roles="Administrator")
    amy = await root.as_user("amy@pve", "secret-word")
    assert (await amy.call("POST", f"{node}/termproxy")).reason == "Permission check failed (realm != pam)"
