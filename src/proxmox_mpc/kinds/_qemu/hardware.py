"""What can be declared of a VM or of a template, with names that users of the PVE web interface and API know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._field import (
    Impact,
    Mebibytes,
    OptionMap,
    Part,
    Prose,
    Tags,
    field,
    group,
    keyed,
)
from proxmox_mpc.kinds._placement import Placement
from proxmox_mpc.kinds._qemu import devices, firmware
from proxmox_mpc.kinds._qemu import disks as disk_wire
from proxmox_mpc.kinds._qemu import networks as network_wire
from proxmox_mpc.kinds._qemu.cloud_init import BUSES, CloudInit
from proxmox_mpc.kinds._qemu.cpu import AmdSev, Cpu, IntelTdx, NumaNode
from proxmox_mpc.kinds._startup import Startup

Hotplug = Annotated[
    list[Literal["network", "disk", "usb", "memory", "cpu", "cloudinit", "none"]],
    BeforeValidator(_codec.HOTPLUG.read),
    _codec.HOTPLUG,
]
Keyboard = Literal[
    "da", "de", "de-ch", "en-gb", "en-us", "es", "fi", "fr", "fr-be", "fr-ca", "fr-ch", "hu", "is", "it", "ja", "lt",
    "mk", "nl", "no", "pl", "pt", "pt-br", "sl", "sv", "tr",
]  # fmt: skip


class Placed(Part):
    """Where a VM or a template is. Specs name their parts in reverse: the fields of the last one come first."""

    node: str | None = field(preference=True, impact=Impact.MIGRATE, help="Preferred node; without it one is chosen.")
    vmid: int | None = field(create_only=True, ge=100, le=999999999, help="VMID; without it a free one is taken.")
    placement: Placement | None = group(help="How a node is chosen where none is named.")


class Hardware(Part):
    """What a VM and a template of VMs have in common: nearly all."""

    cpu: Cpu | None = group(help="Processors.")
    memory: Mebibytes | None = field("memory", default=512, ge=16, help="Memory in MiB, or 8G.")
    balloon: Mebibytes | None = field("balloon", ge=0, help="Least memory in MiB; 0 turns ballooning off.")
    shares: int | None = field(
        "shares", default=1000, ge=0, le=50000, help="Weight against other guests when memory is handed out."
    )
    hugepages: Literal["any", "2", "1024"] | None = field(
        "hugepages", help="Size of memory pages in MiB, or any; needs cpu.numa."
    )
    keep_hugepages: bool | None = field("keephugepages", default=False, help="Keep them when the guest stops.")
    allow_ksm: bool | None = field("allow-ksm", default=True, help="Share equal pages with other guests; PVE 9.1.")
    numa_nodes: list[NumaNode] | None = keyed("numa", help="NUMA nodes; need cpu.numa.")
    disks: list[disk_wire.Disk] | None = keyed(
        *BUSES,
        default_part="file",
        read=disk_wire.read_disk,
        write=disk_wire.write_disk,
        claims=disk_wire.is_disk,
        help="Disks.",
    )
    cdrom: list[disk_wire.CdRom] | None = keyed(
        *BUSES,
        default_part="file",
        read=disk_wire.read_cdrom,
        write=disk_wire.write_cdrom,
        claims=disk_wire.is_cdrom,
        help="CD-ROM drives.",
    )
    networks: list[network_wire.Network] | None = keyed(
        "net",
        default_part="model",
        read=network_wire.read_network,
        write=network_wire.write_network,
        help="Network cards.",
    )
    cloud_init: CloudInit | None = group(help="Cloud-init.")
    agent: devices.Agent | None = group("agent", default_part="enabled", help="QEMU guest agent.")
    boot_order: list[str] | None = field("boot", codec=_codec.BOOT_ORDER, help="Devices to boot from.")
    bios: Literal["seabios", "ovmf"] | None = field("bios", default="seabios", help="Firmware.")
    efi_disk: firmware.EfiDisk | None = group(
        "efidisk0",
        default_part="file",
        read=disk_wire.read_disk,
        write=disk_wire.write_disk,
        help="UEFI disk.",
    )
    tpm: firmware.Tpm | None = group(
        "tpmstate0",
        default_part="file",
        read=disk_wire.read_disk,
        write=disk_wire.write_disk,
        help="TPM.",
    )
    machine: firmware.Machine | None = group("machine", default_part="type", help="Machine type.")
    smbios: firmware.Smbios | None = group(
        "smbios1", read=firmware.read_smbios, write=firmware.write_smbios, help="SMBIOS texts."
    )
    vmgenid: str | None = field(
        "vmgenid",
        quiet=True,
        help="Generation ID; 1 makes a new one, 0 gives the guest none.",
        pattern="^([01]|[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12})$",
        covers=lambda live, wanted: wanted == "1" and live not in ("", "0"),
    )
    arch: Literal["x86_64", "aarch64"] | None = field("arch", help="Architecture; else the node's.")
    ostype: (
        Literal[
            "other", "l26", "l24", "win11", "win10", "win8", "win7", "wvista", "wxp", "w2k8", "w2k3", "w2k", "solaris"
        ]
        | None
    ) = field("ostype", default="other", help="Guest system.")
    scsihw: Literal["lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"] | None = field(
        "scsihw", default="lsi", help="SCSI controller."
    )
    vga: devices.Display | None = group("vga", default_part="type", help="Graphics card.")
    spice: devices.Spice | None = group("spice_enhancements", help="What SPICE brings.")
    keyboard: Keyboard | None = field("keyboard", help="Keyboard layout of VNC, where it must be said.")
    audio: devices.Audio | None = group("audio0", help="Sound card.")
    rng: devices.Rng | None = group("rng0", default_part="source", help="Source of random numbers.")
    watchdog: devices.Watchdog | None = group("watchdog", default_part="model", help="Watchdog.")
    shared_memory: devices.SharedMemory | None = group("ivshmem", help="Memory shared with others.")
    amd_sev: AmdSev | None = group("amd-sev", default_part="type", help="Encryption by AMD SEV.")
    intel_tdx: IntelTdx | None = group("intel-tdx", default_part="type", help="Encryption by Intel TDX; PVE 9.1.")
    serial: list[devices.Serial] | None = keyed("serial", default_part="device", help="Serial ports.")
    parallel: list[devices.Parallel] | None = keyed("parallel", default_part="device", help="Parallel ports.")
    hostpci: list[devices.HostPci] | None = keyed("hostpci", default_part="host", help="PCI devices.")
    virtiofs: list[devices.VirtioFs] | None = keyed(
        "virtiofs", default_part="dirid", help="Directories of the node shared with the guest."
    )
    usb: list[devices.Usb] | None = keyed("usb", default_part="host", help="USB devices.")
    hotplug: Hotplug | None = field(
        "hotplug", default=["disk", "network", "usb"], help="What can be hot-plugged; none for nothing."
    )
    onboot: bool | None = field("onboot", default=False, help="Start with the node.")
    startup: Startup | None = group("startup", default_part="order", help="Order at start and shutdown.")
    autostart: bool | None = field("autostart", default=False, help="Start again after a crash.")
    reboot: bool | None = field("reboot", default=True, help="Reboot where asked to; else it exits.")
    freeze: bool | None = field("freeze", default=False, help="Start with the CPU stopped.")
    protection: bool | None = field("protection", default=False, help="Refuse deletion of it and its disks.")
    tablet: bool | None = field("tablet", default=True, help="USB tablet, for an exact pointer.")
    acpi: bool | None = field("acpi", default=True, help="ACPI.")
    kvm: bool | None = field("kvm", default=True, help="Hardware virtualisation.")
    localtime: bool | None = field("localtime", help="Clock in local time; by default for Windows.")
    start_date: str | None = field(
        "startdate",
        default="now",
        help="First date of the clock: now, or such as 2006-06-17T16:01:21.",
        pattern=r"^(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)$",
    )
    time_drift_fix: bool | None = field("tdf", default=False, help="Make up for lost clock ticks.")
    migrate_downtime: float | None = field(
        "migrate_downtime", default=0.1, ge=0, help="Longest pause of a live migration, in seconds."
    )
    migrate_speed: int | None = field("migrate_speed", default=0, ge=0, help="Limit of migrations in MB/s; 0: none.")
    vm_state_storage: str | None = field(
        "vmstatestorage", refers=("Storage",), help="Storage for memory of snapshots and of hibernation."
    )
    hookscript: str | None = field(
        "hookscript", refers=("StorageFile",), help="Volume of a script that runs at start and stop."
    )
    args: str | None = field("args", help="Further arguments for QEMU, as they stand.")
    tags: Tags | None = field("tags", help="Tags; they serve as labels.")
    description: Prose | None = field("description", help="Notes, as Markdown.")
    options: OptionMap | None = field(help="Any other parameter of the VM's config, by its API name.")
