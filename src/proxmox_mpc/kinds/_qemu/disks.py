"""How a VM's disks and CD-ROMs stand in its config, and how a person writes them.

On the wire they share the slots of four buses with the cloud-init drive: `scsi0: local-lvm:vm-100-disk-0,size=32G`,
`ide2: local:iso/x.iso,media=cdrom`, `ide2: local-lvm:vm-100-cloudinit,media=cdrom`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from proxmox_mpc.kinds._codec import DISCARD
from proxmox_mpc.kinds._field import Bus, OptionMap, Part, Size, field, group
from proxmox_mpc.kinds._qemu.cloud_init import is_cloud_init, volume_of
from proxmox_mpc.kinds._volumes import read_volume, write_volume


class Limits(Part):
    """How much a disk may do: on average, in bursts, and for how many seconds a burst may last."""

    mbps: float | None = field(part="mbps", ge=0, help="MB/s, reading and writing together.")
    mbps_rd: float | None = field(part="mbps_rd", ge=0, help="MB/s reading.")
    mbps_wr: float | None = field(part="mbps_wr", ge=0, help="MB/s writing.")
    mbps_max: float | None = field(part="mbps_max", ge=0, help="MB/s in bursts.")
    mbps_rd_max: float | None = field(part="mbps_rd_max", ge=0, help="MB/s reading in bursts.")
    mbps_wr_max: float | None = field(part="mbps_wr_max", ge=0, help="MB/s writing in bursts.")
    bps: int | None = field(part="bps", ge=0, help="Bytes/s; mbps says it shorter.")
    bps_rd: int | None = field(part="bps_rd", ge=0, help="Bytes/s reading.")
    bps_wr: int | None = field(part="bps_wr", ge=0, help="Bytes/s writing.")
    bps_max_length: int | None = field(part="bps_max_length", ge=1, help="Seconds of a burst.")
    bps_rd_max_length: int | None = field(
        part="bps_rd_max_length", aliases=("bps_rd_length",), ge=1, help="Seconds of a burst of reading."
    )
    bps_wr_max_length: int | None = field(
        part="bps_wr_max_length", aliases=("bps_wr_length",), ge=1, help="Seconds of a burst of writing."
    )
    iops: int | None = field(part="iops", ge=0, help="Operations/s.")
    iops_rd: int | None = field(part="iops_rd", ge=0, help="Reads/s.")
    iops_wr: int | None = field(part="iops_wr", ge=0, help="Writes/s.")
    iops_max: int | None = field(part="iops_max", ge=0, help="Operations/s in bursts.")
    iops_rd_max: int | None = field(part="iops_rd_max", ge=0, help="Reads/s in bursts.")
    iops_wr_max: int | None = field(part="iops_wr_max", ge=0, help="Writes/s in bursts.")
    iops_max_length: int | None = field(part="iops_max_length", ge=1, help="Seconds of a burst of operations.")
    iops_rd_max_length: int | None = field(
        part="iops_rd_max_length", aliases=("iops_rd_length",), ge=1, help="Seconds of a burst of reads."
    )
    iops_wr_max_length: int | None = field(
        part="iops_wr_max_length", aliases=("iops_wr_length",), ge=1, help="Seconds of a burst of writes."
    )


class Disk(Part):
    """One disk of a VM."""

    slot: str | None = field(
        help="Bus and number, such as scsi0. Without it disks are numbered in order; with a template the first disk is "
        "the template's boot disk.",
        pattern=r"^(scsi|virtio|sata|ide)\d+$",
        hint=True,
    )
    bus: Bus | None = field(help="The bus for a disk without a slot.", hint=True)
    storage: str | None = field(
        part="storage",
        sticky=True,
        refers=("Storage",),
        help="The storage that holds it; a new one means that it is moved.",
    )
    size: Size | None = field(part="size", sticky=True, help="Its size; it can grow, never shrink.")
    format: Literal["raw", "qcow2", "vmdk", "qcow", "qed", "cloop"] | None = field(
        part="format", help="Image format on file storages, at creation.", hint=True
    )
    volume: str | None = field(
        part="volume", help="An existing volume to attach instead of a new one.", quiet=True, telling=True
    )
    path: str | None = field(part="path", help="A device or file of the node, passed through.", pattern="^/")
    import_from: str | None = field(
        part="import-from", refers=("StorageFile",), help="A volume whose content the new disk starts with.", hint=True
    )
    iothread: bool | None = field(part="iothread", default=False, help="Own I/O thread.")
    discard: bool | None = field(part="discard", codec=DISCARD, default=False, help="Pass TRIM on.")
    ssd: bool | None = field(part="ssd", default=False, help="Show it as an SSD.")
    cache: Literal["none", "writethrough", "writeback", "unsafe", "directsync"] | None = field(
        part="cache", help="Cache mode."
    )
    aio: Literal["native", "threads", "io_uring"] | None = field(part="aio", help="Asynchronous I/O mode.")
    limits: Limits | None = group(help="How much it may do.")
    backup: bool | None = field(part="backup", default=True, help="Whether backups hold it.")
    replicate: bool | None = field(part="replicate", default=True, help="Whether replication takes it.")
    shared: bool | None = field(part="shared", default=False, help="Whether it is the same on all nodes.")
    read_only: bool | None = field(part="ro", default=False, help="Whether the guest may only read it.")
    snapshot: bool | None = field(
        part="snapshot", default=False, help="Forget at the end what was written since the start."
    )
    detect_zeroes: bool | None = field(part="detect_zeroes", default=True, help="Write zeroes sparingly.")
    rerror: Literal["report", "ignore", "stop"] | None = field(part="rerror", help="What to do when reading fails.")
    werror: Literal["enospc", "report", "ignore", "stop"] | None = field(
        part="werror", help="What to do when writing fails."
    )
    queues: int | None = field(part="queues", ge=2, help="Queues of the controller.")
    scsiblock: bool | None = field(part="scsiblock", default=False, help="Pass a whole device through as SCSI.")
    serial: str | None = field(part="serial", help="Serial number that the guest sees, percent-encoded.", max_length=60)
    vendor: str | None = field(part="vendor", help="Vendor that the guest sees.", max_length=8)
    product: str | None = field(part="product", help="Product that the guest sees.", max_length=16)
    model: str | None = field(part="model", help="Model that the guest sees, percent-encoded; on ide.", max_length=120)
    wwn: str | None = field(part="wwn", help="World Wide Name that the guest sees.", pattern="^0x[0-9a-fA-F]{16}$")
    options: OptionMap | None = field(help="Other parts of the disk's property string.")


class CdRom(Part):
    """One CD-ROM drive of a VM."""

    slot: str | None = field(help="Bus and number.", pattern=r"^(ide|sata|scsi)\d+$", hint=True)
    iso: str | None = field(
        part="iso",
        refers=("StorageFile",),
        help="The ISO image's volume, `none` for an empty drive, `cdrom` for the node's.",
    )
    options: OptionMap | None = field(help="Other parts of the drive's property string.")


def read_disk(parts: dict[str, str]) -> dict[str, str]:
    # `media=disk` says what every drive is that is no CD-ROM.
    return read_volume({name: text for name, text in parts.items() if (name, text) != ("media", "disk")})


def write_disk(parts: dict[str, str]) -> dict[str, str]:
    return write_volume(parts, "file")


def read_cdrom(parts: dict[str, str]) -> dict[str, str]:
    rest = {name: text for name, text in parts.items() if name not in ("file", "volume", "media", "size")}
    return {"iso": parts.get("file", parts.get("volume", "none")), **rest}


def write_cdrom(parts: dict[str, str]) -> dict[str, str]:
    rest = {name: text for name, text in parts.items() if name != "iso"}
    return {"file": parts.get("iso", "none"), "media": "cdrom", **rest}


def is_cdrom(parts: Mapping[str, str]) -> bool:
    media = parts.get("media") == "cdrom" or volume_of(parts) in ("none", "cdrom")
    return media and not is_cloud_init(parts)


def is_disk(parts: Mapping[str, str]) -> bool:
    return not is_cdrom(parts) and not is_cloud_init(parts)
