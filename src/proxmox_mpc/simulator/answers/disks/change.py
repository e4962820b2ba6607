"""A disk gets an empty partition table, or loses everything."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.disks import _devices

_TAKES_S = 2.0


@answers("POST", "/nodes/{node}/disks/initgpt")
def initialize(call: Call) -> str:
    path = call.text("disk")
    disk, one = _devices.device(call, path)
    if one is not disk:
        die(f"{path} is a partition")
    if disk.is_used:
        die(f"disk {path} already in use")

    async def work(work: Work) -> None:
        await work.takes(_TAKES_S)
        disk.gpt = True

    return call.fork("diskinit", disk.name, work)


@answers("PUT", "/nodes/{node}/disks/wipedisk")
def wipe(call: Call) -> str:
    path = call.text("disk")
    disk, one = _devices.device(call, path)

    async def work(work: Work) -> None:
        if _devices.holds_something(call.node, disk, one):
            die(f"disk/partition '{path}' has a holder")
        work.log(f"wiping block device {path}")
        await work.takes(_TAKES_S)
        _devices.wipe(call.node, path)

    return call.fork("wipedisk", one.name, work)
