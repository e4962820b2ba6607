"""Drives, mount points and network devices as property strings: taken apart, changed, put together again."""

from __future__ import annotations

import re
from collections.abc import Mapping

# In this order PVE looks for the disk to boot from (PVE::QemuServer::Drive, 9.1).
BOOT_NAMES = (
    [f"ide{i}" for i in range(4)]
    + [f"scsi{i}" for i in range(31)]
    + [f"virtio{i}" for i in range(16)]
    + [f"sata{i}" for i in range(6)]
)

# `STORAGE:SIZE` asks for a new volume of so many GiB.
NEW_DISK = re.compile(r"(?:([^/:\s]+):)?(\d{1,100}(?:\.\d+)?)")

_MODELS = frozenset(
    "e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci pcnet rtl8139"
    " virtio vmxnet3".split()
)
# A drive's parts that are yes or no; `discard` and `aio` have other words.
_SWITCHES = frozenset(
    "backup detect_zeroes iothread pre-enrolled-keys replicate ro scsiblock shared snapshot ssd".split()
)
_TRUE = {"on": "1", "yes": "1", "true": "1", "off": "0", "no": "0", "false": "0"}

Parts = dict[str, str]


def parse(text: str, first: str = "file") -> Parts:
    """`local:1,ssd=1` → {file: local:1, ssd: 1}. `first` names the part that stands without a key."""
    parts: Parts = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if equals:
            parts[key] = value
        elif part.strip():
            parts[first] = part
    return parts


def parse_drive(text: str) -> Parts:
    """A VM's drive: as `parse`, and what is yes or no is written as 1 or 0."""
    return {k: _TRUE.get(v.lower(), v) if k in _SWITCHES else v for k, v in parse(text).items()}


def show(parts: Mapping[str, str], first: str = "file") -> str:
    """The parts in PVE's order: the unnamed one, then the others by name."""
    named = [f"{k}={v}" for k, v in sorted(parts.items()) if k != first]
    return ",".join([parts[first], *named] if first in parts else named)


def file_of(drive: str) -> str:
    return parse_volume(drive)


def parse_volume(text: str) -> str:
    """The volume (or path, or `none`) of a drive or mount point."""
    parts = parse(text)
    return parts.get("file") or parts.get("volume") or ""


def is_cdrom(drive: str, *, but_not_cloudinit: bool = False) -> bool:
    parts = parse(drive)
    if parts.get("file") in ("none", "cdrom"):
        return True
    return parts.get("media") == "cdrom" and not (but_not_cloudinit and is_cloudinit(drive))


def is_cloudinit(drive: str) -> bool:
    return bool(re.search(r"(?::|/)(?:vm|base)-\d+-cloudinit(?:\.\w+)?$|:cloudinit$", parse_volume(drive)))


def boot_order(live: Mapping[str, str]) -> list[str]:
    """The devices to boot from, as `boot` says or as PVE assumes without it."""
    text = live.get("boot", "").strip()
    if text.startswith("order="):
        return [d for d in text.removeprefix("order=").split(";") if d]
    if "boot" in live and not text:
        return []
    if live.get("bootdisk"):
        return [live["bootdisk"]]
    return default_boot_order(live)


def default_boot_order(live: Mapping[str, str]) -> list[str]:
    """What a guest boots from when nobody said: its first disk, first CD drive, first network device."""
    drives = [name for name in BOOT_NAMES if name in live]
    order = [next((d for d in drives if not is_cdrom(live[d])), ""), next((d for d in drives if is_cdrom(live[d])), "")]
    nets = sorted((k for k in live if re.fullmatch(r"net\d+", k)), key=lambda k: int(k[3:]))
    return [d for d in [*order, *nets[:1]] if d]


def show_boot(order: list[str]) -> str:
    """`order=…`; an empty order is written as nothing and then reads as a blank."""
    return f"order={';'.join(order)}" if order else " "


def parse_net(text: str) -> Parts:
    """A VM's network device: `virtio=MAC,…`, `model=virtio,macaddr=MAC,…` and `virtio,…` are the same."""
    parts: Parts = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            parts["model"] = part
        elif key in _MODELS:
            parts |= {"model": key, "macaddr": value}
        else:
            parts[key] = _TRUE.get(value.lower(), value)
    return parts


def show_net(parts: Mapping[str, str]) -> str:
    named = [f"{k}={v}" for k, v in sorted(parts.items()) if k not in ("model", "macaddr")]
    return ",".join([f"{parts['model']}={parts['macaddr'].upper()}", *named])
