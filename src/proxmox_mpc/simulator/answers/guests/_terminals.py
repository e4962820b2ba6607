"""The terminals of running guests: a real guest's serial port, or one that is drawn."""

from __future__ import annotations

from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.answers.qemu._system import obeys
from proxmox_mpc.simulator.consoles.console import Console
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

# The name of what is on the display.
DISPLAY = "tty1"


def serial_of_display(guest: Guest) -> str:
    """The serial port that is shown as display, if one is."""
    kind = _drives.parse(guest.live.get("vga", ""), "type").get("type", "")
    return kind if kind.startswith("serial") else ""


async def terminal_of(cluster: Cluster, guest: Guest, name: str) -> Console:
    """The console at a serial port, or on the display (`tty1`)."""
    machine = cluster.machines.get(guest.vmid)
    if machine and guest.live.get(name) == "socket":
        return await machine.serial(name)
    return cluster.consoles.drawn(guest, name, lambda console: _boot(cluster, guest, name, console))


def _boot(cluster: Cluster, guest: Guest, name: str, console: Console) -> None:
    """Draw a guest's start in one of its terminals, up to the log-in prompt if something is there to boot."""
    run = guest.run
    console.is_frozen = lambda: bool(run and run.paused)
    greeting = f"Simulated {'machine' if guest.is_qemu else 'container'} {guest.vmid} {name}\r\n\r\n"
    if not guest.is_qemu:
        console.boot(guest.name, banner=greeting)
    elif name != DISPLAY:
        has_system = obeys(cluster, guest)
        console.boot(guest.name, banner=greeting if has_system else "", ignores_keys=not has_system)
    elif obeys(cluster, guest):
        console.boot(guest.name, banner=f"Simulated BIOS\r\n\r\nBooting from Hard Disk...\r\n\r\n{greeting}")
    else:
        console.boot(
            guest.name, banner="Simulated BIOS\r\n\r\nBooting...\r\nNo bootable device.\r\n", ignores_keys=True
        )


async def display_of(cluster: Cluster, guest: Guest) -> Console:
    """What is shown on the display when that is text: a drawn screen, or the serial port that takes its place."""
    return await terminal_of(cluster, guest, serial_of_display(guest) or DISPLAY)


def boot_again(cluster: Cluster, guest: Guest) -> None:
    """The guest was reset: what is drawn of it starts anew, for those who look too."""
    for name, console in cluster.consoles.booted(guest):
        _boot(cluster, guest, name, console)
