"""Which privilege each configuration key of a VM asks for, and what only root may set (PVE::API2::Qemu, 9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.guests import _drives, _guest

_WANTED = {
    **dict.fromkeys("affinity arch cores cpu cpulimit cpuunits numa smp sockets vcpus".split(), "VM.Config.CPU"),
    **dict.fromkeys("balloon memory shares allow-ksm".split(), "VM.Config.Memory"),
    **dict.fromkeys(
        "acpi hotplug kvm machine scsihw smbios1 tablet vga watchdog audio0 rng0 amd-sev intel-tdx".split(),
        "VM.Config.HWType",
    ),
    **dict.fromkeys(
        "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name onboot ostype"
        " protection reboot startdate startup tdf template tags spice_enhancements".split(),
        "VM.Config.Options",
    ),
    "freeze": "VM.PowerMgmt",
    **dict.fromkeys("boot bootdisk vmstatestorage".split(), "VM.Config.Disk"),
}
_CLOUDINIT = frozenset("cicustom cipassword citype ciupgrade ciuser nameserver searchdomain sshkeys".split())
_LATER = re.compile(r"(?:unused|serial|usb|hostpci|ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0|cdrom|vmgenid")


def check_keys(call: Call, vmid: int, keys: Iterable[str]) -> None:
    """The keys whose values do not matter."""
    if call.is_root:
        return
    path = f"/vms/{vmid}"
    for key in keys:
        if _LATER.fullmatch(key):
            continue
        if key in _CLOUDINIT or re.fullmatch(r"ipconfig\d+", key):
            _need(call, path, "VM.Config.Cloudinit", "VM.Config.Network")
        elif re.fullmatch(r"net\d+", key):
            _need(call, path, "VM.Config.Network")
        elif re.fullmatch(r"numa\d+", key):
            _need(call, path, "VM.Config.CPU")
        elif re.fullmatch(r"virtiofs\d+", key):
            _need(call, path, "VM.Config.Options")
        elif key in _WANTED:
            _need(call, path, _WANTED[key])
            if key == "startup":
                call.need("/", "Sys.Modify")
        else:
            die(f"only root can set '{key}' config")


def _need(call: Call, path: str, *wanted: str) -> None:
    if call.text("pool") and call.may(f"/pool/{call.text('pool')}", *wanted):
        return
    call.need(path, *wanted, any_of=len(wanted) > 1)


def check_values(call: Call, vmid: int, values: Mapping[str, str]) -> None:
    """The keys whose values decide: drives, passed-through devices, bridges."""
    if call.is_root:
        return
    path = f"/vms/{vmid}"
    for key, text in values.items():
        if re.fullmatch(r"hostpci\d+", key):
            if "mapping" not in _drives.parse(text, "host"):
                die(f"only root can set '{key}' config for non-mapped devices")
            _need(call, path, "VM.Config.HWType")
        elif re.fullmatch(r"usb\d+", key):
            _need(call, path, "VM.Config.HWType")
            parts = _drives.parse(text, "host")
            if "mapping" not in parts and parts.get("host") != "spice":
                die(f"only root can set '{key}' config for real devices")
        elif re.fullmatch(r"virtiofs\d+", key):
            call.need(f"/mapping/dir/{_drives.parse(text, 'dirid').get('dirid', '')}", "Mapping.Use")
        elif re.fullmatch(r"serial\d+", key):
            if text != "socket":
                die(f"only root can set '{key}' config for real devices")
            _need(call, path, "VM.Config.HWType")
        elif _LATER.fullmatch(key):
            _need(call, path, drive_privilege(text))
        elif re.fullmatch(r"net\d+", key):
            parts = _drives.parse_net(text)
            _guest.need_bridge(call, parts.get("bridge", ""), parts.get("tag", ""), parts.get("trunks", ""))


def drive_privilege(drive: str) -> str:
    return "VM.Config.CDROM" if _drives.is_cdrom(drive) and not _drives.is_cloudinit(drive) else "VM.Config.Disk"
