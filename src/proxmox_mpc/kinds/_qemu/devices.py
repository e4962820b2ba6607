"""What else can be plugged into a VM: display, ports, passed-through devices, shared directories."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._field import Mebibytes, OptionMap, Part, field


class Agent(Part):
    """The QEMU guest agent."""

    shorthand = "enabled"
    enabled: bool | None = field(part="enabled", default=False, help="Whether the guest runs the agent.")
    type: Literal["virtio", "isa"] | None = field(part="type", default="virtio", help="Its channel.")
    fstrim: bool | None = field(part="fstrim_cloned_disks", default=False, help="Trim after clone or migration.")
    # The one name of this part that both 8.4 and 9.1 know.
    freeze: bool | None = field(
        part="freeze-fs-on-backup",
        aliases=("freeze-fs", "guest-fsfreeze"),
        default=True,
        help="Freeze file systems for backups.",
    )
    options: OptionMap | None = field(help="Other parts.")


class Display(Part):
    """The graphics card."""

    shorthand = "type"
    type: Literal[
        "std", "cirrus", "vmware", "qxl", "qxl2", "qxl3", "qxl4", "virtio", "virtio-gl", "none",
        "serial0", "serial1", "serial2", "serial3",
    ] | None = field(part="type", default="std", help="Card, or the serial port that is used instead.")  # fmt: skip
    memory: Mebibytes | None = field(part="memory", ge=4, le=512, help="Video memory in MiB.")
    clipboard: Literal["vnc"] | None = field(part="clipboard", help="Shared clipboard.")
    options: OptionMap | None = field(help="Other parts.")


class Spice(Part):
    """What SPICE brings beside the picture."""

    folder_sharing: bool | None = field(part="foldersharing", default=False, help="Share a folder of the viewer's.")
    video_streaming: Literal["off", "all", "filter"] | None = field(
        part="videostreaming", default="off", help="Compress what looks like video."
    )
    options: OptionMap | None = field(help="Other parts.")


class Serial(Part):
    """One serial port."""

    slot: str | None = field(help="Such as serial0.", pattern=r"^serial\d+$", hint=True)
    device: str | None = field(part="device", help="`socket`, or a device of the node.", pattern="^(socket|/dev/.+)$")


class Parallel(Part):
    """One parallel port."""

    slot: str | None = field(help="Such as parallel0.", pattern=r"^parallel\d+$", hint=True)
    device: str | None = field(
        part="device", help="A device of the node.", pattern=r"^(/dev/parport\d+|/dev/usb/lp\d+)$"
    )


class HostPci(Part):
    """One PCI device of the node, passed through."""

    slot: str | None = field(help="Such as hostpci0.", pattern=r"^hostpci\d+$", hint=True)
    device: str | None = field(part="host", help="PCI address, such as 01:00.0; several with ;.")
    mapping: str | None = field(part="mapping", refers=("PCIMapping",), help="A cluster-wide PCI mapping.")
    pcie: bool | None = field(part="pcie", default=False, help="Show it as a PCIe device; needs machine q35.")
    primary_gpu: bool | None = field(part="x-vga", default=False, help="Whether it is the first graphics card.")
    rombar: bool | None = field(part="rombar", default=True, help="Show its ROM to the guest.")
    romfile: str | None = field(part="romfile", help="A ROM for it, in /usr/share/kvm of the node.")
    mdev: str | None = field(part="mdev", help="Type of mediated device.")
    legacy_igd: bool | None = field(part="legacy-igd", default=False, help="As an Intel graphics card of old.")
    driver: Literal["vfio", "keep"] | None = field(
        part="driver", default="vfio", help="Bind it to vfio, or keep the driver that it has."
    )
    vendor_id: str | None = field(part="vendor-id", help="Vendor shown to the guest.", pattern="^0x[0-9A-Fa-f]{4}$")
    device_id: str | None = field(part="device-id", help="Device shown to the guest.", pattern="^0x[0-9A-Fa-f]{4}$")
    sub_vendor_id: str | None = field(
        part="sub-vendor-id", help="Subsystem's vendor shown to the guest.", pattern="^0x[0-9A-Fa-f]{4}$"
    )
    sub_device_id: str | None = field(
        part="sub-device-id", help="Subsystem's device shown to the guest.", pattern="^0x[0-9A-Fa-f]{4}$"
    )
    options: OptionMap | None = field(help="Other parts.")


class Usb(Part):
    """One USB device."""

    slot: str | None = field(help="Such as usb0.", pattern=r"^usb\d+$", hint=True)
    device: str | None = field(part="host", help="Vendor:product, bus-port, or spice.")
    mapping: str | None = field(part="mapping", refers=("USBMapping",), help="A cluster-wide USB mapping.")
    usb3: bool | None = field(part="usb3", default=False, help="Whether it is USB 3.")
    options: OptionMap | None = field(help="Other parts.")


class VirtioFs(Part):
    """One directory of the node, shared with the guest."""

    slot: str | None = field(help="Such as virtiofs0.", pattern=r"^virtiofs\d+$", hint=True)
    mapping: str | None = field(part="dirid", refers=("DirectoryMapping",), help="A cluster-wide directory mapping.")
    cache: Literal["auto", "always", "metadata", "never"] | None = field(
        part="cache", default="auto", help="What the guest may keep in its cache."
    )
    direct_io: bool | None = field(part="direct-io", default=False, help="Pass O_DIRECT on.")
    expose_acl: bool | None = field(part="expose-acl", default=False, help="Pass ACLs on; includes attributes.")
    expose_xattr: bool | None = field(part="expose-xattr", default=False, help="Pass extended attributes on.")
    options: OptionMap | None = field(help="Other parts.")


class Audio(Part):
    """The sound card."""

    shorthand = "device"
    device: Literal["ich9-intel-hda", "intel-hda", "AC97"] | None = field(part="device", help="Card.")
    driver: Literal["spice", "none"] | None = field(part="driver", default="spice", help="Where the sound goes.")
    options: OptionMap | None = field(help="Other parts.")


class Rng(Part):
    """A source of random numbers for the guest."""

    shorthand = "source"
    source: Literal["/dev/urandom", "/dev/random", "/dev/hwrng"] | None = field(
        part="source", help="The host's source."
    )
    max_bytes: int | None = field(part="max_bytes", default=1024, ge=0, help="Bytes in each period; 0: no limit.")
    period_ms: int | None = field(part="period", default=1000, ge=0, help="Length of a period in milliseconds.")
    options: OptionMap | None = field(help="Other parts.")


class Watchdog(Part):
    """A watchdog that the guest must feed."""

    shorthand = "model"
    model: Literal["i6300esb", "ib700"] | None = field(part="model", help="Card.")
    action: Literal["reset", "shutdown", "poweroff", "pause", "debug", "none"] | None = field(
        part="action", help="What happens to a guest that does not."
    )
    options: OptionMap | None = field(help="Other parts.")


class SharedMemory(Part):
    """Memory shared with other guests and the host (ivshmem)."""

    shorthand = "size"
    size: Mebibytes | None = field(part="size", ge=1, help="Size in MiB, or 1G.")
    name: str | None = field(part="name", help="Its file's name; else the VMID.", pattern=r"^[a-zA-Z0-9-]+$")
    options: OptionMap | None = field(help="Other parts.")
