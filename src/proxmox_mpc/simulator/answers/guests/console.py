"""Displays and terminals of guests: the real ones of real guests, drawn ones of all others."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator import _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers import _console
from proxmox_mpc.simulator.answers.guests import _guest, _terminals
from proxmox_mpc.simulator.consoles import font, rfb
from proxmox_mpc.simulator.consoles.channel import Channel, first_of
from proxmox_mpc.simulator.machines.qmp import QmpError
from proxmox_mpc.simulator.state.guest import Guest


@answers("POST", "/nodes/{node}/qemu/{vmid}/vncproxy", "/nodes/{node}/lxc/{vmid}/vncproxy")
def vnc(call: Call) -> Any:
    guest = _guest.of(call)
    path = f"/vms/{guest.vmid}"
    ticket = _tickets.make_vnc_ticket(call.cluster, call.user, path)
    generated = f"{call.cluster.random.getrandbits(32):08x}" if call.flag("generate-password") else ""

    async def serve(channel: Channel) -> None:
        await _serve_display(call, guest, channel, generated or ticket)

    answer = _console.offer(call, "vncproxy", guest.vmid, path, ticket, serve)
    answer["cert"] = call.cluster.certificate
    return {**answer, "password": generated} if generated else answer


async def _serve_display(call: Call, guest: Guest, channel: Channel, password: str) -> None:
    machine = call.cluster.machines.get(guest.vmid)
    if not guest.run:
        return
    if machine and not _terminals.serial_of_display(guest):
        try:
            path = await machine.open_display(password)
        except QmpError:
            return
        await channel.bridge(path)
        return
    console = await _terminals.display_of(call.cluster, guest)
    if not guest.is_qemu and "width" in call.params:
        console.screen.resize(call.number("width") // font.CELL_WIDTH, call.number("height", 400) // font.CELL_HEIGHT)
    await first_of(rfb.serve(channel, console, password, f"QEMU ({guest.name})"), _until_off(call, guest))


async def _until_off(call: Call, guest: Guest) -> None:
    run = guest.run
    while guest.run is run:
        await call.cluster.next_change()


@answers("POST", "/nodes/{node}/qemu/{vmid}/termproxy", "/nodes/{node}/lxc/{vmid}/termproxy")
def terminal(call: Call) -> Any:
    guest = _guest.of(call)
    name = _serial(call, guest) if guest.is_qemu else _terminals.DISPLAY
    path = f"/vms/{guest.vmid}"

    async def serve(channel: Channel) -> None:
        if guest.run:
            console = await _terminals.terminal_of(call.cluster, guest, name)
            await first_of(_console.serve_terminal(call, channel, console, path), _until_off(call, guest))

    return _console.offer(
        call, "vncproxy", guest.vmid, path, _tickets.make_vnc_ticket(call.cluster, call.user, path), serve
    )


def _serial(call: Call, guest: Guest) -> str:
    """The port that was asked for, or the one that is the display, or the first."""
    there = sorted(key for key in guest.live if re.fullmatch(r"serial\d", key))
    if not there:
        die("unable to find a serial interface")
    wanted = call.text("serial") or _terminals.serial_of_display(guest) or there[0]
    if wanted not in there:
        die(f"serial interface '{wanted}' is not correctly configured")
    return wanted


@answers("POST", "/nodes/{node}/qemu/{vmid}/spiceproxy", "/nodes/{node}/lxc/{vmid}/spiceproxy")
def spice(call: Call) -> Any:
    guest = _guest.of(call)
    if not guest.is_running:
        die(f"{guest.word} {guest.vmid} not running")
    die("no spice port")


@answers("GET", "/nodes/{node}/qemu/{vmid}/vncwebsocket", "/nodes/{node}/lxc/{vmid}/vncwebsocket")
def websocket(call: Call) -> Any:
    return _console.connect(call, f"/vms/{_guest.of(call).vmid}")
