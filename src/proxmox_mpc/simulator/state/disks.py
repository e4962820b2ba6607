"""A node's physical disks, and what is built on them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from proxmox_mpc.simulator.state.storage import GIB

_MIB = 1024**2

# What an installation puts in front of everything else (PVE's installer, 9.1), and its swap space.
_BOOT, _EFI, _SWAP = _MIB, GIB, 8 * GIB

# Disks that nobody uses yet, in a node that is made up: two solid-state ones and a turning one.
_SPARES = (("ssd", 480_103_981_056), ("ssd", 480_103_981_056), ("hdd", 4_000_787_030_016))
_MODELS = {"ssd": "Simulated_SSD", "hdd": "Simulated_HDD"}


@dataclass
class Device:
    """Something with a signature on it: a partition, or a whole disk. `name` is below /dev, `size` in bytes; `label` is
    what PVE reads off it (`LVM`, `ZFS`, `ext4`, `BIOS boot`, …), and empty where there is nothing."""

    name: str
    size: int
    label: str = ""

    @property
    def path(self) -> str:
        return f"/dev/{self.name}"


@dataclass
class Disk(Device):
    """`kind` is ssd, hdd or nvme; `osds` are the numbers of Ceph's daemons that keep their data on it."""

    kind: str = "ssd"
    model: str = ""
    serial: str = ""
    vendor: str = "ATA"
    wwn: str = ""
    gpt: bool = False
    partitions: list[Device] = field(default_factory=list)
    osds: list[int] = field(default_factory=list)

    @property
    def is_used(self) -> bool:
        return bool(self.label or self.partitions or self.osds)


@dataclass
class Space:
    """What storages can be made of: a volume group (`lvm`), a thin pool in the volume group `group` (`lvmthin`), a ZFS
    pool (`zfs`) or a mounted file system (`directory`). `devices` are paths, `size` and `taken` (what the operating
    system itself holds of a volume group) bytes; `level` is a ZFS pool's redundancy."""

    kind: str
    name: str
    devices: list[str]
    size: int
    group: str = ""
    taken: int = 0
    level: str = ""

    @property
    def mount_point(self) -> str:
        return f"/mnt/pve/{self.name}"


def find_device(disks: list[Disk], path: str) -> tuple[Disk, Device] | None:
    """The device of a path and the disk that it is on (itself, unless it is a partition)."""
    for disk in disks:
        for device in (disk, *disk.partitions):
            if device.path == path:
                return disk, device
    return None


def spaces_on(disks: list[Disk], spaces: list[Space], disk: Disk) -> Iterator[Space]:
    """What is built on a disk or on its partitions."""
    paths = {disk.path, *(p.path for p in disk.partitions)}
    return (space for space in spaces if paths.intersection(space.devices))


def installed(node: str, root: int, data: int) -> tuple[list[Disk], list[Space]]:
    """The disks of an installed node: the system's with the root file system and the thin pool `data`, and spare ones.
    Sizes in bytes."""
    group = root + data + _SWAP
    system = _disk(node, 0, "ssd", _BOOT + _EFI + group)
    system.gpt = True
    system.partitions = [
        Device("sda1", _BOOT, "BIOS boot"),
        Device("sda2", _EFI, "EFI"),
        Device("sda3", group, "LVM"),
    ]
    spaces = [
        Space("lvm", "pve", ["/dev/sda3"], group, taken=root + _SWAP),
        Space("lvmthin", "data", [], data, group="pve"),
    ]
    return [system, *(_disk(node, n, kind, size) for n, (kind, size) in enumerate(_SPARES, 1))], spaces


def _disk(node: str, number: int, kind: str, size: int) -> Disk:
    mark = zlib.crc32(f"{node}/{number}".encode())
    return Disk(
        f"sd{chr(ord('a') + number)}", size, kind=kind, model=_MODELS[kind], serial=f"SIM{mark:08X}",
        wwn=f"0x5000c500{mark:08x}",
    )  # fmt: skip
