"""Volumes for the memory of running machines: of snapshots, and of machines that sleep on disk."""

from __future__ import annotations

from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _vitals, _volumes
from proxmox_mpc.simulator.state.guest import Guest

# What the devices' state needs beside twice the memory (PVE::QemuConfig, 9.1).
_DEVICES_SIZE = 500 * 1024**2

# Bytes per second to the storage.
_SPEED = 500e6


async def save(work: Work, guest: Guest, name: str, storage: str = "") -> str:
    """Write the memory to a new volume; answers its id. Without a storage: the configured one, or the first disk's."""
    first = next((k for k in _drives.BOOT_NAMES if k in guest.live and not _drives.is_cdrom(guest.live[k])), "")
    of_disk = _drives.parse_volume(guest.live.get(first, "")).partition(":")[0]
    storage = storage or guest.live.get("vmstatestorage", "") or of_disk or "local"
    size = 2 * _vitals.memory(guest) + _DEVICES_SIZE
    work.log(f"saving VM state and RAM using storage '{storage}'")
    stem = f"vm-{guest.vmid}-state-{name}"
    volid = _volumes.allocate(work, storage, guest.node, guest.vmid, "raw", size, stem=stem)
    written = int(_vitals.load(guest, work.cluster.now())["mem"])
    await work.takes(written / _SPEED)
    if volume := work.cluster.volume(volid, guest.node):
        volume.used = written
    seconds = max(1, round(written / _SPEED))
    work.log(f"completed saving the VM state in {seconds}s, saved {written / 1024**2:.2f} MiB")
    return volid
