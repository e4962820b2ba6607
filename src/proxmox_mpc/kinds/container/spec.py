"""What can be declared of a container, with names that users of the PVE web interface and API know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._field import (
    Impact,
    Mac,
    Mebibytes,
    OptionMap,
    Part,
    Prose,
    Ranges,
    Size,
    Tags,
    field,
    group,
    keyed,
)
from proxmox_mpc.kinds._placement import Placement
from proxmox_mpc.kinds._startup import Startup
from proxmox_mpc.kinds._volumes import read_volume, write_volume

MountOptions = Annotated[
    list[Literal["discard", "lazytime", "noatime", "nodev", "noexec", "nosuid"]],
    BeforeValidator(_codec.SEMICOLON_SET.read),
    _codec.SEMICOLON_SET,
]
FileSystems = Annotated[list[str], BeforeValidator(_codec.SEMICOLON_SET.read), _codec.SEMICOLON_SET]


class Cpu(Part):
    """Processors."""

    cores: int | None = field("cores", ge=1, le=8192, help="Cores; without it all of the node's.")
    limit: float | None = field("cpulimit", default=0, ge=0, help="CPUs' worth of time; 0: no limit.")
    units: int | None = field("cpuunits", ge=0, help="Weight against other guests.")


class RootFs(Part):
    """The root file system."""

    storage: str | None = field(
        part="storage",
        sticky=True,
        refers=("Storage",),
        help="The storage that holds it; a new one means that it is moved.",
    )
    size: Size | None = field(part="size", sticky=True, help="Its size; it can grow, never shrink.")
    volume: str | None = field(part="volume", help="An existing volume.", quiet=True, telling=True)
    path: str | None = field(part="path", help="A directory or device of the node.", quiet=True)
    acl: bool | None = field(part="acl", help="POSIX ACLs; by default the file system decides.")
    read_only: bool | None = field(part="ro", default=False, help="Whether the container may only read it.")
    shared: bool | None = field(part="shared", default=False, help="Whether it is the same on all nodes.")
    quota: bool | None = field(part="quota", default=False, help="User quotas inside.")
    replicate: bool | None = field(part="replicate", default=True, help="Whether replication takes it.")
    mount_options: MountOptions | None = field(part="mountoptions", help="Mount options.")
    options: OptionMap | None = field(help="Other parts.")


class Mount(RootFs):
    """One mount point: a volume, or a directory of the node."""

    slot: str | None = field(
        help="Such as mp0; without it mounts are numbered in order.", pattern=r"^mp\d+$", hint=True
    )
    target: str | None = field(part="mp", help="Path inside the container.", pattern="^/")
    path: str | None = field(part="path", help="A directory or device of the node to show inside.", pattern="^/")
    backup: bool | None = field(part="backup", default=False, help="Whether backups hold it.")
    keep_attrs: bool | None = field(
        part="keepattrs", default=False, help="Keep owner and rights of the directory that it covers; PVE 9."
    )


def write_mount(parts: dict[str, str]) -> dict[str, str]:
    return write_volume(parts, "volume")


class Network(Part):
    """One network interface."""

    slot: str | None = field(
        help="Such as net0; without it they are numbered in order.", pattern=r"^net\d+$", hint=True
    )
    name: str | None = field(part="name", help="Its name inside, such as eth0.")
    bridge: str | None = field(part="bridge", refers=("SDNVNet", "Bridge"), help="Bridge or VNet.")
    ip: str | None = field(part="ip", help="IPv4 as address/prefix, dhcp or manual.")
    gateway: str | None = field(part="gw", help="IPv4 gateway.")
    ip6: str | None = field(part="ip6", help="IPv6 as address/prefix, auto, dhcp or manual.")
    gateway6: str | None = field(part="gw6", help="IPv6 gateway.")
    vlan: int | None = field(part="tag", ge=1, le=4094, help="VLAN tag.")
    mac: Mac | None = field(part="hwaddr", help="MAC address.", quiet=True, pattern="^([0-9A-F]{2}:){5}[0-9A-F]{2}$")
    firewall: bool | None = field(part="firewall", default=False, help="Whether PVE's firewall filters it.")
    rate: float | None = field(part="rate", help="Limit in MB/s.")
    mtu: int | None = field(part="mtu", ge=64, le=65535, help="MTU.")
    link_down: bool | None = field(part="link_down", default=False, help="Whether the cable is unplugged.")
    trunks: Ranges | None = field(part="trunks", help="VLANs passed through.")
    host_managed: bool | None = field(
        part="host-managed", default=False, help="The node sets its addresses, as images without a system need; PVE 9."
    )
    type: Literal["veth"] | None = field(part="type", default="veth", help="Kind of interface.", quiet=True)
    options: OptionMap | None = field(help="Other parts.")


class Features(Part):
    """What the container may do; all but nesting need root@pam."""

    nesting: bool | None = field(part="nesting", default=False, help="Containers inside.")
    keyctl: bool | None = field(part="keyctl", default=False, help="The keyctl system call, for Docker inside.")
    fuse: bool | None = field(part="fuse", default=False, help="FUSE file systems.")
    mknod: bool | None = field(part="mknod", default=False, help="Device nodes.")
    mount: FileSystems | None = field(part="mount", help="File systems it may mount, such as nfs.")
    force_rw_sys: bool | None = field(part="force_rw_sys", default=False, help="A writable /sys.")
    options: OptionMap | None = field(help="Other parts.")


class Device(Part):
    """One device of the node, passed through."""

    slot: str | None = field(help="Such as dev0.", pattern=r"^dev\d+$", hint=True)
    path: str | None = field(part="path", help="The device's path on the node.", pattern="^/dev/")
    mode: str | None = field(part="mode", help="Its rights inside, in octal, such as 0660.", pattern="^0[0-7]{3}$")
    uid: int | None = field(part="uid", default=0, ge=0, help="Its owner inside.")
    gid: int | None = field(part="gid", default=0, ge=0, help="Its group inside.")
    deny_write: bool | None = field(part="deny-write", default=False, help="Forbid to write to it.")
    options: OptionMap | None = field(help="Other parts.")


class ContainerSpec(Part):
    """An LXC container."""

    node: str | None = field(preference=True, impact=Impact.MIGRATE, help="Preferred node; without it one is chosen.")
    vmid: int | None = field(create_only=True, ge=100, le=999999999, help="VMID; without it a free one is taken.")
    placement: Placement | None = group(help="How a node is chosen where none is named.")
    ostemplate: str | None = field(
        create_only=True,
        refers=("StorageFile",),
        help="Volume that it is made from: an OS template or an OCI image, such as local:vztmpl/….",
    )
    template: str | int | None = field(create_only=True, help="Name or VMID of a container template to clone.")
    clone: Literal["full", "linked"] | None = field(hint=True, help="Kind of clone; full unless linked is asked for.")
    state: Literal["running", "stopped"] | None = field(
        impact=Impact.STOP_START, help="Power state to hold; without it power is left alone."
    )
    unprivileged: bool | None = field(
        "unprivileged", default=False, impact=Impact.REPLACE, help="Whether root inside is nobody outside."
    )
    cpu: Cpu | None = group(help="Processors.")
    memory: Mebibytes | None = field("memory", default=512, ge=16, help="Memory in MiB, or 8G.")
    swap: Mebibytes | None = field("swap", default=512, ge=0, help="Swap in MiB.")
    rootfs: RootFs | None = group(
        "rootfs",
        default_part="volume",
        read=read_volume,
        write=write_mount,
        help="Root file system.",
    )
    mounts: list[Mount] | None = keyed(
        "mp", default_part="volume", read=read_volume, write=write_mount, help="Mount points."
    )
    devices: list[Device] | None = keyed("dev", default_part="path", help="Devices of the node, passed through.")
    networks: list[Network] | None = keyed("net", help="Network interfaces.")
    nameservers: list[str] | None = field("nameserver", codec=_codec.WORDS, help="DNS servers.")
    search_domain: str | None = field("searchdomain", help="DNS search domain.")
    password: str | None = field(
        "password", secret=True, hint=True, min_length=5, help="Password of root inside, at creation."
    )
    ssh_keys: list[str] | None = field(
        "ssh-public-keys", codec=_codec.KEY_LINES, hint=True, help="SSH public keys of root inside, at creation."
    )
    features: Features | None = group("features", help="What it may do.")
    ostype: Literal[
        "debian", "devuan", "ubuntu", "centos", "fedora", "opensuse", "archlinux", "alpine", "gentoo", "nixos",
        "unmanaged",
    ] | None = field("ostype", quiet=True, help="Distribution; read from the template.")  # fmt: skip
    arch: Literal["amd64", "i386", "arm64", "armhf", "riscv32", "riscv64"] | None = field(
        "arch", quiet=True, help="Architecture; read from the template."
    )
    entrypoint: str | None = field("entrypoint", help="What is started first, with arguments; PVE 9.1.")
    env: list[str] | None = field("env", codec=_codec.NULLS, help="Environment of what is started first; PVE 9.1.")
    onboot: bool | None = field("onboot", default=False, help="Start with the node.")
    startup: Startup | None = group("startup", default_part="order", help="Order at start and shutdown.")
    protection: bool | None = field("protection", default=False, help="Refuse deletion of it and its volumes.")
    timezone: str | None = field("timezone", help="Time zone, or host.")
    tty: int | None = field("tty", default=2, ge=0, le=6, help="Consoles.")
    cmode: Literal["tty", "console", "shell"] | None = field(
        "cmode", default="tty", help="What the console shows: a login, /dev/console, or a shell."
    )
    console: bool | None = field("console", default=True, help="Whether /dev/console is there.")
    debug: bool | None = field("debug", default=False, help="Write a detailed log at start.")
    hookscript: str | None = field(
        "hookscript", refers=("StorageFile",), help="Volume of a script that runs at start and stop."
    )
    tags: Tags | None = field("tags", help="Tags; they serve as labels.")
    description: Prose | None = field("description", help="Notes, as Markdown.")
    options: OptionMap | None = field(help="Any other parameter of the container's config, by its API name.")
