"""Makes pending changes true: all of them when the VM is off, what can be hot-plugged while it runs.

The rules are those of `vmconfig_hotplug_pending` and `vmconfig_apply_pending` (PVE::QemuServer, 9.1).
"""

from __future__ import annotations

import re

from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.answers.qemu import _disks
from proxmox_mpc.simulator.state.guest import Guest

# Keys that QEMU never sees, so they are true at once.
_AT_ONCE = frozenset(
    "affinity description hookscript lock migrate_downtime migrate_speed name onboot protection shares startup tags"
    " template vmstatestorage hotplug cpuunits cpulimit balloon parent"
    " cicustom cipassword citype ciupgrade ciuser nameserver searchdomain sshkeys".split()
)

# Hot-plug features when `hotplug` is not set, and what `1` means.
_DEFAULT_HOTPLUG = "network,disk,usb"

# Parts of a drive that QEMU takes only when it starts; limits, backup and replicate change under a running VM.
_AT_START = frozenset(
    "aio cache detect_zeroes discard iothread model product queues rerror ro scsiblock serial snapshot ssd vendor"
    " werror wwn".split()
)

_DRIVE = re.compile(r"(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0")


def _features(guest: Guest) -> set[str]:
    text = guest.live.get("hotplug", "1").strip()
    return set((_DEFAULT_HOTPLUG if text == "1" else "" if text == "0" else text).split(","))


def _is_hot(guest: Guest, key: str, value: str | None) -> bool:
    """Can the change of this key happen in a running VM? `value` is None when the key goes away."""
    features = _features(guest)
    if key in _AT_ONCE or key.startswith("unused") or re.fullmatch(r"ipconfig\d+", key):
        return True
    if re.fullmatch(r"net\d+", key):
        return "network" in features
    if re.fullmatch(r"usb\d+", key) or key == "tablet":
        return "usb" in features
    if key in ("vcpus",):
        return "cpu" in features
    if key == "memory":
        return "memory" in features and guest.live.get("numa") == "1"
    if _DRIVE.fullmatch(key):
        before = guest.live.get(key)
        if before and _drives.is_cdrom(before) and value and _drives.is_cdrom(value):
            return True
        if before and value and _drives.parse_volume(before) == _drives.parse_volume(value):
            one, other = _drives.parse(before), _drives.parse(value)
            changed = {part for part in one.keys() | other.keys() if one.get(part) != other.get(part)}
            return "disk" in features and not changed & _AT_START
        return "disk" in features and bool(re.fullmatch(r"(?:scsi|virtio)\d+", key))
    return False


def apply(work: Work, guest: Guest) -> None:
    """Everything pending becomes true that can, given whether the VM runs."""
    conf = guest.conf
    if not conf.pending:
        return
    _guest.drop_settled(conf)
    running = guest.is_running
    for key, force in _guest.pending_deletes(conf).items():
        if not running or _is_hot(guest, key, None):
            _delete(work, guest, key, force)
            _guest.revert(conf, [key])
    for key, value in [(k, v) for k, v in conf.pending.items() if k != "delete"]:
        if not running or _is_hot(guest, key, value):
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
