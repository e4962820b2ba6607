"""What a change of each parameter costs a running VM.

The facts are those of `vmconfig_hotplug_pending` and of what it calls (PVE::QemuServer; 8.4 and 9.1 do the same):
what is not named here waits for the next start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxmox_mpc.kinds._codec import BOOT_ORDER, parse_property_string, property_string
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._qemu.cloud_init import BUSES, is_cloud_init
from proxmox_mpc.kinds._qemu.disks import is_cdrom
from proxmox_mpc.kinds._qemu.networks import read_network
from proxmox_mpc.kinds._verdict import AT_ONCE, SILENT, UNSEEN, WAITS, Edit, Verdict, rows, verdict, waits

DEFAULT_HOTPLUG = "network,disk,usb"
"""What `1` means, and what holds where `hotplug` is not set."""
STATIC_MEMORY_MIB = 1024
"""What a VM with memory hot-plug always has: only what is above it are modules (PVE::QemuServer::Memory)."""
REPLUGGED = ("model", "macaddr", "queues", "mtu")
"""Parts of a card that only another card can have."""
FIXED = frozenset("aio cache discard iothread product queues ro ssd vendor".split())
"""Parts of a drive that keep its whole change waiting."""
THROTTLE = re.compile(r"(mbps|iops|bps)(_.+)?")
BOOKKEEPING = frozenset("backup replicate shared size".split())
"""Parts of a drive that are PVE's own business, and no matter of QEMU."""


def features(config: Mapping[str, str]) -> frozenset[str]:
    """What can be plugged while the VM runs."""
    text = config.get("hotplug", "1").strip()
    return frozenset((DEFAULT_HOTPLUG if text == "1" else "" if text == "0" else text).split(","))


def _off(feature: str) -> Verdict:
    return waits(f"hot-plug is off for {feature}")


def _memory(edit: Edit) -> Verdict:
    if "memory" not in features(edit.config):
        return _off("memory")
    if edit.config.get("numa") != "1":
        return waits("hot-plug of memory needs cpu.numa")
    if edit.new is None or int(edit.new.removeprefix("current=")) < STATIC_MEMORY_MIB:
        return waits(f"below {STATIC_MEMORY_MIB} MiB, memory cannot be unplugged")
    return AT_ONCE


def _vcpus(edit: Edit) -> Verdict:
    return AT_ONCE if "cpu" in features(edit.config) else _off("cpu")


def _balloon(edit: Edit) -> Verdict:
    if edit.new is None:
        return waits("the balloon device is added at a start") if edit.old == "0" else AT_ONCE
    same = (edit.old == "0") is (edit.new == "0")
    return AT_ONCE if same else waits("the balloon device comes and goes at a start")


def _hotplug(edit: Edit) -> Verdict:
    both = f"{edit.old or ''} {edit.new or ''}"
    return waits("of memory and cpu it is settled at the start") if re.search("memory|cpu", both) else SILENT


def _tablet(edit: Edit) -> Verdict:
    return AT_ONCE if "usb" in features(edit.config) else _off("usb")


def _usb(edit: Edit) -> Verdict:
    if "usb" not in features(edit.config):
        return _off("usb")
    windows = re.fullmatch(r"win(\d+)", edit.config.get("ostype", ""))
    if edit.config.get("ostype") != "l26" and not (windows and int(windows[1]) > 7):
        return waits("hot-plug of usb needs the ostype l26, or Windows 8 or later")
    pinned = re.search(r"-(\d+)\.(\d+)", edit.config.get("machine", ""))
    if pinned and (int(pinned[1]), int(pinned[2])) < (7, 1):
        return waits("hot-plug of usb needs a machine version of 7.1 or later")
    return AT_ONCE


def _net(edit: Edit) -> Verdict:
    can = "network" in features(edit.config)
    if edit.old is None or edit.new is None:
        return AT_ONCE if can else _off("network")
    old, new = (read_network(parse_property_string(text, "model")) for text in (edit.old, edit.new))
    other = [part for part in REPLUGGED if old.get(part) != new.get(part)]
    if not (old.get("bridge") and new.get("bridge")):
        other.append("bridge")
    if not other:
        return AT_ONCE
    names = ", ".join("mac" if part == "macaddr" else part for part in other)
    if can:
        return Verdict(Impact.HOTPLUG, f"the card is replugged: {names}")
    return waits(f"hot-plug is off for network, and another {names} is another card")


def _drive(edit: Edit) -> Verdict:
    can, slow = "disk" in features(edit.config), re.match("ide|sata", edit.key)
    old = parse_property_string(edit.old, "file") if edit.old is not None else {}
    new = parse_property_string(edit.new, "file") if edit.new is not None else {}
    if old and new and _holds_medium(old) is not _holds_medium(new):
        return waits("a disk and a CD-ROM drive cannot become each other")
    if old and new and _holds_medium(old):
        return AT_ONCE  # another medium, whatever the bus and the hot-plug setting
    if old and new and _volume(old) == _volume(new):
        return _same_drive({part for part in old.keys() | new.keys() if old.get(part) != new.get(part)})
    if slow:
        return waits(f"{slow[0]} drives are plugged at a start")
    return AT_ONCE if can else _off("disk")


def _same_drive(changed: set[str]) -> Verdict:
    if late := sorted(changed & FIXED):
        return waits(f"{', '.join(late)} of a drive {'is' if len(late) == 1 else 'are'} settled at the start")
    if any(THROTTLE.fullmatch(part) for part in changed):
        return AT_ONCE
    return SILENT if changed <= BOOKKEEPING | {"file", "volume", "media"} else UNSEEN


def _holds_medium(parts: Mapping[str, str]) -> bool:
    return is_cdrom(parts) or is_cloud_init(parts)


def _volume(parts: Mapping[str, str]) -> str:
    return parts.get("file", parts.get("volume", ""))


def _agent(edit: Edit) -> Verdict:
    if edit.old is None or edit.new is None:
        return WAITS
    old, new = (parse_property_string(text, "enabled") for text in (edit.old, edit.new))
    # What is off has no other parts, as far as PVE looks at it.
    old, new = ({} if parts.get("enabled") != "1" else parts for parts in (old, new))
    changed = {part for part in old.keys() | new.keys() if old.get(part) != new.get(part)}
    return SILENT if changed <= {"fstrim_cloned_disks"} else WAITS


def _cloud_init(edit: Edit) -> Verdict:
    if "cloudinit" in features(edit.config):
        return Verdict(Impact.HOTPLUG, "its drive is written anew; cloud-init reads it when it runs next")
    return Verdict(Impact.NONE, "its drive is written anew at the next start")


TABLE = rows(
    ("description|lock|migrate_downtime|migrate_speed|name|onboot|protection|shares|startup|tags", SILENT),
    ("vmstatestorage", SILENT),
    ("hookscript", UNSEEN),
    (r"ci(custom|password|type|upgrade|user)|nameserver|searchdomain|sshkeys|ipconfig\d+", _cloud_init),
    ("cpulimit|cpuunits", AT_ONCE),
    ("memory", _memory),
    ("vcpus", _vcpus),
    ("balloon", _balloon),
    ("hotplug", _hotplug),
    ("tablet", _tablet),
    (r"usb\d+", _usb),
    (r"net\d+", _net),
    (r"(ide|sata|scsi|virtio)\d+", _drive),
    (r"unused\d+", AT_ONCE),
    ("agent", _agent),
)


def impact(edit: Edit) -> Verdict:
    """What a change of this parameter costs a VM that runs."""
    return verdict(TABLE, edit)


def follows(edit: Edit) -> tuple[str, ...]:
    """Parameters that PVE changes by itself with this one: a boot order loses what goes and gains a CD-ROM drive.

    Source: PUT /nodes/{node}/qemu/{vmid}/config, 8.4 and 9.1.
    """
    boot = edit.config.get("boot", "")
    if not boot.startswith("order=") or edit.key == "boot":
        return ()
    order = BOOT_ORDER.read(boot)
    assert isinstance(order, list)
    is_new_cdrom = (
        edit.new is not None
        and re.fullmatch(r"(ide|sata|scsi)\d+", edit.key) is not None
        and is_cdrom(parse_property_string(edit.new, "file"))
    )
    return ("boot",) if (edit.new is None and edit.key in order) or (is_new_cdrom and edit.key not in order) else ()


_USUAL = {"net": {"model": "virtio", "macaddr": "-", "bridge": "vmbr0"}, "agent": {"enabled": "1"}}
_USUAL |= {bus: {"file": "local:1"} for bus in BUSES}


def usual(key: str, part: str) -> Impact:
    """What a change of a parameter, or of this part of it, costs a running VM that has nothing set besides."""
    if part in ("storage", "size"):
        return Impact.HOTPLUG if re.match("ide|sata|scsi|virtio", key) else Impact.PENDING
    if not part:
        return impact(Edit(key, "2000", "3000", {})).impact
    parts = {**_USUAL.get(key.rstrip("0123456789"), {}), **({"media": "cdrom"} if part == "iso" else {})}
    wire = "file" if part in ("iso", "path", "volume") else part
    old, new = (property_string({**parts, wire: text}) for text in ("1", "2"))
    return impact(Edit(key, old, new, {})).impact
