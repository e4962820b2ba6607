"""A configuration as QEMU's arguments: what a real guest is started with, and what of it cannot be.

The result is close to PVE's machines, not the same: the processor is the host's (or TCG's best), networks are QEMU's
user network instead of bridges, and what needs the host's hardware is left out and named in the task's log.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proxmox_mpc.simulator.answers.guests import _drives, _vitals
from proxmox_mpc.simulator.machines.host import Qemu
from proxmox_mpc.simulator.machines.machine import AGENT, DISPLAY
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest

_DISK_KEY = re.compile(r"(ide|sata|scsi|virtio)(\d+)")

# Keys of devices that only a real host has, or that Debian's QEMU does not bring.
_LEFT_OUT = re.compile(
    r"hostpci\d+|usb\d+|parallel\d+|audio0|efidisk0|tpmstate0|ivshmem|watchdog|rng0|args|virtiofs\d+"
)

_DISPLAYS = {"std": "VGA", "cirrus": "cirrus-vga", "vmware": "vmware-svga", "virtio": "virtio-vga"}
_CONTROLLERS = {
    "lsi": "lsi53c895a", "lsi53c810": "lsi53c810", "megasas": "megasas", "pvscsi": "pvscsi",
    "virtio-scsi-pci": "virtio-scsi-pci", "virtio-scsi-single": "virtio-scsi-pci",
}  # fmt: skip


@dataclass(frozen=True)
class File:
    """What is in a drive: a file and its format."""

    path: Path
    format: str


@dataclass
class Hardware:
    """Arguments so far, and notes on what was left out."""

    guest: Guest
    options: Qemu
    has_kvm: bool
    folder: Path
    files: Mapping[str, File]
    arguments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *arguments: str) -> None:
        self.arguments += arguments


def describe(guest: Guest, options: Qemu, has_kvm: bool, folder: Path, files: Mapping[str, File]) -> Hardware:
    """The machine; `files` holds what is in each drive that is not empty, `folder` is for its sockets."""
    hardware = Hardware(guest, options, has_kvm, folder, files)
    live = guest.live
    hardware.add("-name", f"guest={guest.vmid},process=pve-{guest.vmid}", "-nodefaults", "-no-user-config")
    # A guest that breaks out of QEMU still starts no program of this machine.
    hardware.add("-sandbox", "on,spawn=deny")
    _add_board(hardware, live)
    _add_memory(hardware)
    order = {device: str(number + 1) for number, device in enumerate(_drives.boot_order(live))}
    _add_drives(hardware, live, order)
    _add_networks(hardware, live, order)
    _add_display(hardware, live)
    _add_serials(hardware, live)
    _add_agent(hardware, live)
    if left := sorted(key for key in live if _LEFT_OUT.fullmatch(key)):
        hardware.notes.append(f"started without {', '.join(left)}")
    return hardware


def _add_board(hardware: Hardware, live: Section) -> None:
    board = "q35" if "q35" in live.get("machine", "") else "pc"
    hardware.add("-machine", f"{board},accel={'kvm' if hardware.has_kvm else 'tcg'},hpet=off")
    hardware.add("-cpu", "host" if hardware.has_kvm else "max", "-boot", "strict=on", "-rtc", "base=utc")
    if uuid := _drives.parse(live.get("smbios1", "")).get("uuid"):
        hardware.add("-uuid", uuid)
    if live.get("bios") == "ovmf":
        hardware.notes.append("started with SeaBIOS instead of OVMF")


def _add_memory(hardware: Hardware) -> None:
    wanted = _vitals.memory(hardware.guest) // 1024**2
    given = min(wanted, hardware.options.memory_mib)
    if given < wanted:
        hardware.notes.append(f"started with {given} MiB of memory instead of {wanted}")
    live = hardware.guest.live
    cores = int(live.get("vcpus") or int(live.get("sockets", "1")) * int(live.get("cores", "1")))
    there = os.cpu_count() or 1
    if cores > there:
        hardware.notes.append(f"started with {there} processors instead of {cores}")
    hardware.add("-m", f"{given}M", "-smp", str(min(cores, there)))


def _add_drives(hardware: Hardware, live: Section, order: Mapping[str, str]) -> None:
    keys = [key for key in live if _DISK_KEY.fullmatch(key)]
    if any(key.startswith("scsi") for key in keys):
        controller = _CONTROLLERS.get(live.get("scsihw", "lsi"), "virtio-scsi-pci")
        hardware.add("-device", f"{controller},id=scsihw")
    is_q35 = "q35" in live.get("machine", "")
    if any(key.startswith("sata") for key in keys):
        hardware.add("-device", "ahci,id=sata")
    for key in sorted(keys):
        is_cd = _drives.is_cdrom(live[key])
        file = hardware.files.get(key)
        if file is None and not is_cd:
            continue
        if file:
            location = f"file={_escape(str(file.path))},format={file.format},discard=unmap"
            read_only = ",readonly=on,media=cdrom" if is_cd else ""
            hardware.add("-drive", f"{location},if=none,id=drive-{key}{read_only}")
        device = _device(key, is_cd, live.get("scsihw", "lsi"), is_q35)
        named = f"{device},id={key}" + (f",drive=drive-{key}" if file else "")
        hardware.add("-device", named + (f",bootindex={order[key]}" if key in order else ""))


def _escape(path: str) -> str:
    return path.replace(",", ",,")


def _device(key: str, is_cd: bool, controller: str, is_q35: bool) -> str:
    found = _DISK_KEY.fullmatch(key)
    assert found
    bus, number = found[1], int(found[2])
    kind = "cd" if is_cd else "hd"
    if bus == "virtio":
        return "virtio-blk-pci"
    if bus == "scsi":
        # Old controllers know no units behind a target, and only a few targets.
        place = f"scsi-id={number}" if controller.startswith("lsi") else f"channel=0,scsi-id=0,lun={number}"
        return f"scsi-{kind},bus=scsihw.0,{place}"
    if bus == "sata":
        return f"ide-{kind},bus=sata.{number}"
    return f"ide-{kind},bus=ide.{number}" if is_q35 else f"ide-{kind},bus=ide.{number // 2},unit={number % 2}"


def _add_networks(hardware: Hardware, live: Section, order: Mapping[str, str]) -> None:
    restrict = "off" if hardware.options.internet else "on"
    for key in sorted(k for k in live if re.fullmatch(r"net\d+", k)):
        parts = _drives.parse_net(live[key])
        model = {"virtio": "virtio-net-pci"}.get(parts["model"], parts["model"])
        hardware.add("-netdev", f"user,id={key},restrict={restrict}")
        # Without its boot program a network device costs no time when nobody boots from it.
        boot = f"bootindex={order[key]}" if key in order else "romfile="
        hardware.add("-device", f"{model},netdev={key},mac={parts['macaddr']},{boot}")
    hardware.add(*([] if "-netdev" in hardware.arguments else ["-nic", "none"]))


def _add_display(hardware: Hardware, live: Section) -> None:
    wanted = _drives.parse(live.get("vga", "std"), "type").get("type", "std")
    if not wanted.startswith("serial") and wanted != "none":
        if wanted not in _DISPLAYS:
            hardware.notes.append(f"started with a std display instead of {wanted}")
        hardware.add("-device", _DISPLAYS.get(wanted, "VGA"))
    hardware.add("-vnc", f"unix:{hardware.folder / DISPLAY},password=on", "-k", "en-us")
    if live.get("tablet", "1") == "1":
        hardware.add("-usb", "-device", "usb-tablet")


def _add_serials(hardware: Hardware, live: Section) -> None:
    for key in sorted(k for k in live if re.fullmatch(r"serial\d", k)):
        if live[key] != "socket":
            hardware.notes.append(f"started without {key}")
            continue
        hardware.add("-chardev", f"socket,id={key},path={hardware.folder / key},server=on,wait=off")
        hardware.add("-device", f"isa-serial,chardev={key},index={key[-1]}")


def _add_agent(hardware: Hardware, live: Section) -> None:
    parts = _drives.parse(live.get("agent", "0"), "enabled")
    if parts.get("enabled") not in ("1", "on", "yes", "true"):
        return
    hardware.add("-chardev", f"socket,id=agent,path={hardware.folder / AGENT},server=on,wait=off")
    if parts.get("type") == "isa":
        hardware.add("-device", "isa-serial,chardev=agent")
    else:
        hardware.add(
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"
        )
