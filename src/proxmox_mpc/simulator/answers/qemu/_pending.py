"""Makes pending changes true: all of them when the VM is off, what can be hot-plugged while it runs.

The rules are those of `vmconfig_hotplug_pending` and `vmconfig_apply_pending` (PVE::QemuServer, 9.1).
"""

from __future__ import annotations

import re

from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.answers.qemu import _disks
from proxmox_mpc.simulator.state.guest import Guest

# Keys that are true at once, whether QEMU ever sees them or not.
_AT_ONCE = re.compile(
    r"description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|protection|shares|startup|tags"
    r"|vmstatestorage|cpuunits|cpulimit|unused\d+"
    r"|cicustom|cipassword|citype|ciupgrade|ciuser|nameserver|searchdomain|sshkeys|ipconfig\d+"
)

# Hot-plug features when `hotplug` is not set, and what `1` means.
_DEFAULT_HOTPLUG = "network,disk,usb"

# Parts of a drive with which the whole change waits; limits and the rest are written under a running VM.
_AT_START = ("aio", "cache", "discard", "iothread", "product", "queues", "ro", "ssd", "vendor")

# What a VM with memory hot-plug has besides its modules, in MiB.
_STATIC_MEMORY = 1024

_DRIVE = re.compile(r"(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0")


def _features(guest: Guest) -> set[str]:
    text = guest.live.get("hotplug", "1").strip()
    return set((_DEFAULT_HOTPLUG if text == "1" else "" if text == "0" else text).split(","))


def _is_hot(guest: Guest, features: set[str], key: str, value: str | None) -> bool:
    """Can the change of this key happen in a running VM? `value` is None when the key goes away."""
    before = guest.live.get(key)
    if _AT_ONCE.fullmatch(key):
        return True
    if key == "hotplug":
        return not re.search("cpu|memory", f"{before or ''} {value or ''}")
    if key == "tablet":
        return "usb" in features
    if re.fullmatch(r"usb\d+", key):
        return "usb" in features and _takes_usb(guest)
    if key == "vcpus":
        return "cpu" in features
    if key == "balloon":
        return before != "0" if value is None else (before == "0") is (value == "0")
    if key == "memory":
        wanted = int((value or "512").removeprefix("current="))
        return "memory" in features and guest.live.get("numa") == "1" and wanted >= _STATIC_MEMORY
    if key == "agent":
        return before is not None and value is not None and _agent(before) == _agent(value)
    if re.fullmatch(r"net\d+", key):
        return "network" in features or (before is not None and value is not None and _is_same_card(before, value))
    if _DRIVE.fullmatch(key):
        return _is_hot_drive(key, before, value, "disk" in features)
    return False


def _takes_usb(guest: Guest) -> bool:
    """A controller for hot-plugged USB is there for Linux and Windows 8 and later, from machine version 7.1 on."""
    windows = re.fullmatch(r"win(\d+)", guest.live.get("ostype", ""))
    pinned = re.search(r"-(\d+)\.(\d+)", guest.live.get("machine", ""))
    old = pinned is not None and (int(pinned[1]), int(pinned[2])) < (7, 1)
    return not old and (guest.live.get("ostype") == "l26" or (windows is not None and int(windows[1]) > 7))


def _agent(text: str) -> dict[str, str]:
    """What of an agent's settings a running VM is bound to."""
    parts = _drives.parse(text, "enabled")
    return {k: v for k, v in parts.items() if k != "fstrim_cloned_disks"} if parts.get("enabled") == "1" else {}


def _is_same_card(before: str, value: str) -> bool:
    one, other = _drives.parse_net(before), _drives.parse_net(value)
    bound = ("model", "macaddr", "queues", "mtu")
    return all(one.get(k) == other.get(k) for k in bound) and bool(one.get("bridge") and other.get("bridge"))


def _is_hot_drive(key: str, before: str | None, value: str | None, pluggable: bool) -> bool:
    if key in ("efidisk0", "tpmstate0"):
        return False
    if before and value:
        if _drives.is_cdrom(before) or _drives.is_cdrom(value):
            # Another medium in the drive; a disk and a CD-ROM drive do not become each other.
            return _drives.is_cdrom(before) and _drives.is_cdrom(value)
        if _drives.parse_volume(before) == _drives.parse_volume(value):
            one, other = _drives.parse(before), _drives.parse(value)
            return all(one.get(part) == other.get(part) for part in _AT_START)
    return pluggable and re.match("ide|sata", key) is None


def apply(work: Work, guest: Guest) -> None:
    """Everything pending becomes true that can, given whether the VM runs."""
    conf = guest.conf
    if not conf.pending:
        return
    _guest.drop_settled(conf)
    running = guest.is_running
    # A setting that comes with other changes does not hold for those yet.
    features = _features(guest)
    for key, force in _guest.pending_deletes(conf).items():
        if not running or _is_hot(guest, features, key, None):
            _delete(work, guest, key, force)
            _guest.revert(conf, [key])
    for key, value in [(k, v) for k, v in conf.pending.items() if k != "delete"]:
        if not running or _is_hot(guest, features, key, value):
            before = guest.live.get(key)
            guest.live[key] = value
            del conf.pending[key]
            if before and _DRIVE.fullmatch(key):
                _leave(work, guest, before)
    _disks.drop_used_again(guest)
    guest.touch()


def _leave(work: Work, guest: Guest, drive: str) -> None:
    """A drive was replaced or detached: what becomes of its volume."""
    if _drives.is_cloudinit(drive):
        _volumes.remove(work.cluster, _drives.parse_volume(drive), guest.node)
    elif not _drives.is_cdrom(drive):
        _disks.keep_unused(guest, drive, work)


def _delete(work: Work, guest: Guest, key: str, force: bool) -> None:
    before = guest.live.pop(key, None)
    if before is None:
        return
    if key.startswith("unused"):
        _volumes.remove(work.cluster, _drives.parse_volume(before), guest.node)
    elif _DRIVE.fullmatch(key):
        if force and not _drives.is_cdrom(before):
            _volumes.remove(work.cluster, _drives.parse_volume(before), guest.node)
        else:
            _leave(work, guest, before)
