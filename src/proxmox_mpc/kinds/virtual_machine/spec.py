"""What can be declared of a VM, with names that users of the PVE web interface and API know."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._field import Impact, Mac, Mebibytes, OptionMap, Part, Prose, Tags, field, group, keyed
from proxmox_mpc.kinds._placement import Placement
from proxmox_mpc.kinds._startup import Startup
from proxmox_mpc.kinds._volumes import read_volume
from proxmox_mpc.kinds.virtual_machine import disks as disk_wire

HOT, PENDING = Impact.HOTPLUG, Impact.PENDING


class Cpu(Part):
    """Processors."""

    cores: int | None = field("cores", default=1, ge=1, impact=PENDING, help="Cores per socket.")
    sockets: int | None = field("sockets", default=1, ge=1, impact=PENDING, help="Sockets.")
    type: str | None = field("cpu", part="cputype", default="kvm64", impact=PENDING, help="CPU model, such as host.")
    flags: list[str] | None = field(
        "cpu",
        part="flags",
        codec=_codec.SEMICOLONS,
        impact=PENDING,
        help="CPU flags to add or remove, such as +aes.",
    )
    limit: float | None = field(
        "cpulimit", default=0, ge=0, le=128, impact=HOT, help="CPUs' worth of time; 0: no limit."
    )
    units: int | None = field("cpuunits", ge=1, le=262144, impact=HOT, help="Weight against other guests.")
    vcpus: int | None = field("vcpus", ge=1, impact=HOT, help="CPUs plugged in at start; the rest can be hot-plugged.")
    numa: bool | None = field("numa", default=False, impact=PENDING, help="NUMA topology; needed for memory hot-plug.")
    affinity: str | None = field("affinity", impact=PENDING, help="Host cores it may run on, such as 0-3,8.")
    options: OptionMap | None = field(help="Other parts of the CPU's property string, such as hidden.")


class Agent(Part):
    """The QEMU guest agent."""

    shorthand = "enabled"
    enabled: bool | None = field(part="enabled", default=False, help="Whether the guest runs the agent.")
    type: Literal["virtio", "isa"] | None = field(part="type", default="virtio", help="Its channel.")
    fstrim: bool | None = field(part="fstrim_cloned_disks", default=False, help="Trim after clone or migration.")
    freeze: bool | None = field(part="freeze-fs", default=True, help="Freeze file systems for backups.")
    options: OptionMap | None = field(help="Other parts.")


NIC_MODELS = (
    "e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci pcnet rtl8139 "
    "virtio vmxnet3"
).split()


class Network(Part):
    """One network card of a VM."""

    slot: str | None = field(
        help="Such as net0; without it cards are numbered in order.", pattern=r"^net\d+$", hint=True
    )
    model: str | None = field(part="model", default="virtio", help="Card model.", pattern=f"^({'|'.join(NIC_MODELS)})$")
    bridge: str | None = field(part="bridge", help="Bridge or VNet.")
    vlan: int | None = field(part="tag", ge=1, le=4094, help="VLAN tag.")
    mac: Mac | None = field(part="macaddr", help="MAC address.", quiet=True, pattern="^([0-9A-F]{2}:){5}[0-9A-F]{2}$")
    firewall: bool | None = field(part="firewall", default=False, help="Whether PVE's firewall filters it.")
    rate: float | None = field(part="rate", ge=0, help="Limit in MB/s.")
    mtu: int | None = field(part="mtu", ge=1, le=65520, help="MTU; 1 takes the bridge's.")
    queues: int | None = field(part="queues", ge=0, le=64, help="Packet queues.")
    link_down: bool | None = field(part="link_down", default=False, help="Whether the cable is unplugged.")
    trunks: str | None = field(part="trunks", help="VLANs passed through, such as 10;20-30.")
    options: OptionMap | None = field(help="Other parts.")


def read_network(parts: dict[str, str]) -> dict[str, str]:
    """`virtio=AA:…` says model and MAC at once (the alias of the API's net format)."""
    for model in NIC_MODELS:
        if model in parts:
            rest = {name: text for name, text in parts.items() if name != model}
            return {"model": model, **({"macaddr": parts[model]} if parts[model] != model else {}), **rest}
    return parts


def write_network(parts: dict[str, str]) -> dict[str, str]:
    # The MAC must be sent with every change: PVE makes a new one otherwise (facts.md 13).
    rest = {name: text for name, text in parts.items() if name not in ("model", "macaddr")}
    model = parts.get("model", "virtio")
    if "macaddr" in parts:
        return {model: parts["macaddr"], **rest}
    return {"model": model, **rest}


class IpConfig(Part):
    """Addresses of one network card, set by cloud-init."""

    slot: str | None = field(help="Such as ipconfig0 for net0.", pattern=r"^ipconfig\d+$", hint=True)
    ip: str | None = field(part="ip", help="IPv4 as address/prefix, or dhcp.")
    gateway: str | None = field(part="gw", help="IPv4 gateway.")
    ip6: str | None = field(part="ip6", help="IPv6 as address/prefix, auto or dhcp.")
    gateway6: str | None = field(part="gw6", help="IPv6 gateway.")
    options: OptionMap | None = field(help="Other parts.")


class Custom(Part):
    """Snippets that replace what PVE generates for cloud-init."""

    user: str | None = field(part="user", help="Volume of the user data snippet.")
    network: str | None = field(part="network", help="Volume of the network snippet.")
    vendor: str | None = field(part="vendor", help="Volume of the vendor data snippet.")
    meta: str | None = field(part="meta", help="Volume of the meta data snippet.")
    options: OptionMap | None = field(help="Other parts.")


class CloudInit(Part):
    """What the guest configures at first boot; changes reach it at the next."""

    storage: str | None = field(impact=PENDING, help="Storage of the cloud-init drive; without it no drive is added.")
    slot: str | None = field(
        default=disk_wire.DEFAULT_CLOUD_INIT_SLOT,
        impact=PENDING,
        help="Slot of the drive.",
        pattern=r"^(ide|sata|scsi)\d+$",
    )
    drive: str | None = field(help="Volume of the drive.", quiet=True)
    type: Literal["nocloud", "configdrive2", "opennebula"] | None = field("citype", impact=PENDING, help="Data source.")
    user: str | None = field("ciuser", impact=PENDING, help="User to create instead of the image's default.")
    password: str | None = field("cipassword", secret=True, echoed=True, impact=PENDING, help="Password of the user.")
    ssh_keys: list[str] | None = field(
        "sshkeys", codec=_codec.SSH_KEYS, impact=PENDING, help="SSH public keys of the user."
    )
    ip_config: list[IpConfig] | None = keyed("ipconfig", impact=PENDING, help="Addresses, in the cards' order.")
    nameservers: list[str] | None = field("nameserver", codec=_codec.WORDS, impact=PENDING, help="DNS servers.")
    search_domain: str | None = field("searchdomain", impact=PENDING, help="DNS search domain.")
    custom: Custom | None = group("cicustom", impact=PENDING, help="Own snippets.")
    upgrade: bool | None = field("ciupgrade", default=True, impact=PENDING, help="Upgrade packages at first boot.")


class Display(Part):
    """The graphics card."""

    shorthand = "type"
    type: str | None = field(part="type", default="std", help="Card, such as std, qxl, virtio or serial0.")
    memory: int | None = field(part="memory", ge=4, le=512, help="Video memory in MiB.")
    clipboard: Literal["vnc"] | None = field(part="clipboard", help="Shared clipboard.")
    options: OptionMap | None = field(help="Other parts.")


class Serial(Part):
    """One serial port."""

    slot: str | None = field(help="Such as serial0.", pattern=r"^serial\d+$", hint=True)
    device: str | None = field(part="device", help="`socket`, or a device of the node.")


class HostPci(Part):
    """One PCI device of the node, passed through."""

    slot: str | None = field(help="Such as hostpci0.", pattern=r"^hostpci\d+$", hint=True)
    device: str | None = field(part="host", help="PCI address, such as 01:00.0; several with ;.")
    mapping: str | None = field(part="mapping", help="A cluster-wide PCI mapping.")
    pcie: bool | None = field(part="pcie", default=False, help="Show it as a PCIe device; needs machine q35.")
    primary_gpu: bool | None = field(part="x-vga", default=False, help="Whether it is the first graphics card.")
    rombar: bool | None = field(part="rombar", default=True, help="Show its ROM to the guest.")
    mdev: str | None = field(part="mdev", help="Type of mediated device.")
    options: OptionMap | None = field(help="Other parts.")


class Usb(Part):
    """One USB device."""

    slot: str | None = field(help="Such as usb0.", pattern=r"^usb\d+$", hint=True)
    device: str | None = field(part="host", help="Vendor:product, bus-port, or spice.")
    mapping: str | None = field(part="mapping", help="A cluster-wide USB mapping.")
    usb3: bool | None = field(part="usb3", default=False, help="Whether it is USB 3.")
    options: OptionMap | None = field(help="Other parts.")


class VirtualMachineSpec(Part):
    """A QEMU virtual machine."""

    node: str | None = field(preference=True, impact=Impact.MIGRATE, help="Preferred node; without it one is chosen.")
    vmid: int | None = field(create_only=True, ge=100, le=999999999, help="VMID; without it a free one is taken.")
    placement: Placement | None = group(help="How a node is chosen where none is named.")
    template: str | int | None = field(create_only=True, help="Name or VMID of the template to clone.")
    clone: Literal["full", "linked"] | None = field(hint=True, help="Kind of clone; full unless linked is asked for.")
    state: Literal["running", "stopped"] | None = field(
        impact=Impact.STOP_START, help="Power state to hold; without it power is left alone."
    )
    cpu: Cpu | None = group(help="Processors.")
    memory: Mebibytes | None = field("memory", default=512, ge=16, impact=PENDING, help="Memory in MiB, or 8G.")
    balloon: Mebibytes | None = field("balloon", ge=0, impact=HOT, help="Least memory in MiB; 0 turns ballooning off.")
    disks: list[disk_wire.Disk] | None = keyed(
        *disk_wire.BUSES,
        default_part="file",
        impact=HOT,
        read=read_volume,
        write=disk_wire.write_disk,
        claims=disk_wire.is_disk,
        help="Disks.",
    )
    cdrom: list[disk_wire.CdRom] | None = keyed(
        *disk_wire.BUSES,
        default_part="file",
        impact=HOT,
        read=disk_wire.read_cdrom,
        write=disk_wire.write_cdrom,
        claims=disk_wire.is_cdrom,
        help="CD-ROM drives.",
    )
    networks: list[Network] | None = keyed(
        "net", default_part="model", impact=HOT, read=read_network, write=write_network, help="Network cards."
    )
    cloud_init: CloudInit | None = group(help="Cloud-init.")
    agent: Agent | None = group("agent", default_part="enabled", impact=PENDING, help="QEMU guest agent.")
    boot_order: list[str] | None = field("boot", codec=_codec.BOOT_ORDER, impact=PENDING, help="Devices to boot from.")
    bios: Literal["seabios", "ovmf"] | None = field("bios", default="seabios", impact=PENDING, help="Firmware.")
    efi_disk: disk_wire.EfiDisk | None = group(
        "efidisk0",
        default_part="file",
        impact=PENDING,
        read=read_volume,
        write=disk_wire.write_disk,
        help="UEFI disk.",
    )
    tpm: disk_wire.Tpm | None = group(
        "tpmstate0",
        default_part="file",
        impact=PENDING,
        read=read_volume,
        write=disk_wire.write_disk,
        help="TPM.",
    )
    machine: str | None = field("machine", impact=PENDING, help="Machine type, such as q35.")
    ostype: str | None = field(
        "ostype",
        default="other",
        impact=PENDING,
        help="Guest system.",
        pattern="^(other|wxp|w2k|w2k3|w2k8|wvista|win7|win8|win10|win11|l24|l26|solaris)$",
    )
    scsihw: str | None = field(
        "scsihw",
        default="lsi",
        impact=PENDING,
        help="SCSI controller.",
        pattern="^(lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi)$",
    )
    vga: Display | None = group("vga", default_part="type", impact=PENDING, help="Graphics card.")
    serial: list[Serial] | None = keyed("serial", default_part="device", impact=PENDING, help="Serial ports.")
    hostpci: list[HostPci] | None = keyed("hostpci", default_part="host", impact=PENDING, help="PCI devices.")
    usb: list[Usb] | None = keyed("usb", default_part="host", impact=HOT, help="USB devices.")
    hotplug: str | None = field("hotplug", default="network,disk,usb", impact=PENDING, help="What can be hot-plugged.")
    onboot: bool | None = field("onboot", default=False, help="Start with the node.")
    startup: Startup | None = group("startup", default_part="order", help="Order at start and shutdown.")
    protection: bool | None = field("protection", default=False, help="Refuse deletion of it and its disks.")
    tablet: bool | None = field("tablet", default=True, impact=HOT, help="USB tablet, for an exact pointer.")
    acpi: bool | None = field("acpi", default=True, impact=PENDING, help="ACPI.")
    kvm: bool | None = field("kvm", default=True, impact=PENDING, help="Hardware virtualisation.")
    localtime: bool | None = field("localtime", impact=PENDING, help="Clock in local time; by default for Windows.")
    hookscript: str | None = field("hookscript", help="Volume of a script that runs at start and stop.")
    tags: Tags | None = field("tags", help="Tags; they serve as labels.")
    description: Prose | None = field("description", help="Notes, as Markdown.", max_length=7000)
    options: OptionMap | None = field(help="Any other parameter of the VM's config, by its API name.")
