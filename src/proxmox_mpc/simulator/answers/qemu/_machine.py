"""Real machines behind virtual machines, with `--qemu`: started from their configuration, asked, snapshotted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.answers.qemu import _hardware, cloudinit
from proxmox_mpc.simulator.machines import seed
from proxmox_mpc.simulator.machines.host import Host
from proxmox_mpc.simulator.machines.machine import Machine
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import Volume, parse_size

# The snapshot that a hibernated machine's memory is kept in.
HIBERNATED = "pve-suspended"


async def start(work: Work, host: Host, guest: Guest, *, memory_of: str = "") -> None:
    """Run it; with `memory_of` it goes on where it was when that snapshot was taken."""
    folder = host.folder(guest.vmid)
    files = await _files(work, host, guest, folder)
    hardware = _hardware.describe(guest, host.options, host.has_kvm, folder, files)
    work.log(*hardware.notes)
    machine = await host.start(guest, [*hardware.arguments, *(["-loadvm", memory_of] if memory_of else [])])
    kind = await machine.qmp.run("qom-get", path="/machine", property="type")
    machine.run.machine = str(kind).removesuffix("-machine")
    if memory_of == HIBERNATED:
        await machine.qmp.say(f"delvm {HIBERNATED}")


async def _files(work: Work, host: Host, guest: Guest, folder: Path) -> dict[str, _hardware.File]:
    """What is in the drives: disks made on first use, CDs as uploaded, cloud-init's CD as configured now."""
    files: dict[str, _hardware.File] = {}
    for key, text in guest.live.items():
        if not guest.is_volume_key(key):
            continue
        volid = _drives.parse_volume(text)
        volume = work.cluster.volume(volid, guest.node) if ":" in volid else None
        if _drives.is_cloudinit(text):
            path = folder / "seed.iso"
            await asyncio.to_thread(seed.write, path, cloudinit.files(guest))
            files[key] = _hardware.File(path, "raw")
        elif _drives.is_cdrom(text) and volume and not volume.file:
            work.log(f"{key}: '{volid}' was never uploaded, the drive is empty")
        elif volume:
            if volume.has_os and not volume.file:
                work.log(f"{key}: '{volid}' was made up, the disk is empty")
            path = await host.disks.make(volume)
            files[key] = _hardware.File(path, host.disks.format(volume))
    return files


def disks(work: Work, guest: Guest, section: Section) -> dict[str, Volume]:
    """The volumes of a section that hold data of the guest's own, by drive."""
    found: dict[str, Volume] = {}
    for key, text in section.items():
        is_disk = guest.is_volume_key(key) and not _drives.is_cdrom(text)
        if is_disk and (volume := work.cluster.volume(_drives.parse_volume(text), guest.node)):
            found[key] = volume
    return found


async def snapshot(work: Work, guest: Guest, section: Section, name: str, *, with_memory: bool = False) -> None:
    """Take a snapshot of the disks, and of the memory when asked."""
    host, machine = work.cluster.host, work.cluster.machines.get(guest.vmid)
    if host is None or not guest.is_qemu:
        return
    if machine and with_memory:
        await save_memory(machine, name)
        return
    for key, volume in disks(work, guest, section).items():
        if machine and volume.file:
            await machine.qmp.run("blockdev-snapshot-internal-sync", device=f"drive-{key}", name=name)
        else:
            await host.disks.snapshot(volume, "-c", name)


async def save_memory(machine: Machine, name: str) -> None:
    """A snapshot of disks and memory together."""
    if said := await machine.qmp.say(f"savevm {name}"):
        die(said.strip())


async def forget_snapshot(work: Work, guest: Guest, section: Section, name: str) -> None:
    """Remove a snapshot from the disks."""
    host, machine = work.cluster.host, work.cluster.machines.get(guest.vmid)
    if host is None or not guest.is_qemu:
        return
    live = {_drives.parse_volume(text): key for key, text in guest.live.items() if guest.is_volume_key(key)}
    for key, volume in disks(work, guest, section).items():
        if machine and (plugged := live.get(_drives.parse_volume(section[key]))):
            await machine.qmp.run("blockdev-snapshot-delete-internal-sync", device=f"drive-{plugged}", name=name)
        elif volume.file:
            await host.disks.snapshot(volume, "-d", name)


async def roll_back(work: Work, guest: Guest, section: Section, name: str) -> None:
    """Off, and the disks as they were when the snapshot was taken."""
    if machine := work.cluster.machines.get(guest.vmid):
        await machine.quit()
    if (host := work.cluster.host) and guest.is_qemu:
        for key, volume in disks(work, guest, section).items():
            if volume.file:
                await host.disks.snapshot(volume, "-a", name)
                volume.size = parse_size(_drives.parse(section[key])["size"])


async def resize(work: Work, guest: Guest, key: str, volume: Volume) -> None:
    """The disk is as large as its volume says, also while it is in use."""
    host, machine = work.cluster.host, work.cluster.machines.get(guest.vmid)
    if machine and volume.file:
        await machine.qmp.run("block_resize", device=f"drive-{key}", size=volume.size)
    elif host:
        await host.disks.resize(volume)
