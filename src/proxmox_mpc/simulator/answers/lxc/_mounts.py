"""Root file systems and mount points of containers: checked, made, looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import deny, die, refuse
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _volumes
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB, size_text

# The root file system when the request names none.
DEFAULT_ROOTFS_GIB = 4

# The unpacked template in a new root file system.
_UNPACKED = 33 * 1024**2


def parse(text: str) -> _drives.Parts:
    parts = _drives.parse(text, "volume")
    if "file" in parts:
        parts["volume"] = parts.pop("file")
    return parts


def show(parts: Mapping[str, str]) -> str:
    return _drives.show(parts, "volume")


def check_access(call: Call, mounts: Mapping[str, str]) -> None:
    """Storages there and allowed; anything but a volume only for root."""
    for text in mounts.values():
        volume = parse(text).get("volume", "")
        storage, colon, _ = volume.partition(":")
        if volume.startswith("/"):
            if not call.is_root:
                kind = "device" if volume.startswith("/dev/") else "bind"
                deny(f"mount point type {kind} is only allowed for root@pam")
            continue
        if not colon:
            die(f"unable to parse volume ID '{volume}'")
        definition = call.cluster.storage(storage)
        call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
        if not _space.allows(definition, "rootdir"):
            refuse(storage=f"storage '{storage}' does not support container directories")


async def create(work: Work, guest: Guest, mounts: Mapping[str, str]) -> dict[str, str]:
    """Make the new volumes; answers the configuration lines of all."""
    made: dict[str, str] = {}
    for key in sorted(mounts):
        parts = parse(mounts[key])
        new = _drives.NEW_DISK.fullmatch(parts["volume"])
        if new and new[1]:
            size = int(float(new[2]) * GIB)
            parts |= {"volume": await allocate(work, guest, new[1], size), "size": size_text(size)}
            made[key] = show(parts)
        else:
            if ":" in parts["volume"]:
                work.cluster.volume_name(parts["volume"])
            made[key] = mounts[key]
    return made


async def allocate(work: Work, guest: Guest, storage: str, size: int) -> str:
    """A formatted volume for a container."""
    is_pool = work.cluster.storages[storage]["type"] == "zfspool"
    await work.takes(1)
    form, prefix = ("subvol", "subvol") if is_pool else ("raw", "vm")
    volid = _volumes.allocate(work, storage, guest.node, guest.vmid, form, size, prefix=prefix)
    volume = work.cluster.volume(volid, guest.node)
    if volume is not None:
        volume.used = min(size, _UNPACKED)
    if not is_pool:
        blocks = size // 4096
        backups = [b for b in _backups() if b < blocks]
        work.log(
            f"Creating filesystem with {blocks} 4k blocks and {blocks // 4} inodes",
            f"Filesystem UUID: {work.cluster.new_uuid()}",
            "Superblock backups stored on blocks: ",
            "\t" + ", ".join(map(str, backups)),
        )
    return volid


def _backups() -> list[int]:
    """Where ext4 keeps its spare superblocks: in groups 1 and the powers of 3, 5 and 7."""
    groups = sorted({1, *(base**power for base in (3, 5, 7) for power in range(1, 12))})
    return [group * 32768 for group in groups]


def split(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings without and with a volume."""
    mounts = {k: v for k, v in settings.items() if re.fullmatch(r"rootfs|mp\d+", k)}
    return {k: v for k, v in settings.items() if k not in mounts}, mounts
