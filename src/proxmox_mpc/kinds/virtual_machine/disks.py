"""How a VM's disks, CD-ROMs and cloud-init drive stand in its config, and how a person writes them.

On the wire all three share the slots of four buses: `scsi0: local-lvm:vm-100-disk-0,size=32G`,
`ide2: local:iso/x.iso,media=cdrom`, `ide2: local-lvm:vm-100-cloudinit,media=cdrom`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxmox_mpc.kinds._codec import DISCARD, Fields, Value, parse_property_string
from proxmox_mpc.kinds._field import Bus, Impact, OptionMap, Part, Size, field
from proxmox_mpc.kinds._volumes import write_volume

PENDING = Impact.PENDING
BUSES = ("scsi", "virtio", "sata", "ide")
_CLOUD_INIT = re.compile(r"[^:]+:(.*[/-])?cloudinit(\.\w+)?")
DEFAULT_CLOUD_INIT_SLOT = "ide2"


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
        part="storage", sticky=True, help="The storage that holds it; a new one means that it is moved."
    )
    size: Size | None = field(part="size", sticky=True, help="Its size; it can grow, never shrink.")
    format: str | None = field(
        part="format", help="Image format on file storages, at creation.", pattern="^(raw|qcow2|vmdk)$", hint=True
    )
    volume: str | None = field(part="volume", help="An existing volume to attach instead of a new one.", quiet=True)
    path: str | None = field(part="path", help="A device or file of the node, passed through.", pattern="^/")
    import_from: str | None = field(
        part="import-from", help="A volume whose content the new disk starts with.", hint=True
    )
    iothread: bool | None = field(part="iothread", impact=PENDING, default=False, help="Own I/O thread.")
    discard: bool | None = field(part="discard", impact=PENDING, codec=DISCARD, default=False, help="Pass TRIM on.")
    ssd: bool | None = field(part="ssd", impact=PENDING, default=False, help="Show it as an SSD.")
    cache: str | None = field(
        part="cache", impact=PENDING, help="Cache mode.", pattern="^(none|writethrough|writeback|unsafe|directsync)$"
    )
    aio: str | None = field(
        part="aio", impact=PENDING, help="Asynchronous I/O mode.", pattern="^(native|threads|io_uring)$"
    )
    backup: bool | None = field(part="backup", default=True, help="Whether backups hold it.")
    replicate: bool | None = field(part="replicate", default=True, help="Whether replication takes it.")
    read_only: bool | None = field(part="ro", impact=PENDING, default=False, help="Whether the guest may only read it.")
    serial: str | None = field(part="serial", impact=PENDING, help="Serial number that the guest sees.", max_length=60)
    options: OptionMap | None = field(help="Other parts of the disk's property string, such as iops_rd.")


class CdRom(Part):
    """One CD-ROM drive of a VM."""

    slot: str | None = field(help="Bus and number.", pattern=r"^(ide|sata|scsi)\d+$", hint=True)
    iso: str | None = field(
        part="iso", help="The ISO image's volume, `none` for an empty drive, `cdrom` for the node's."
    )
    options: OptionMap | None = field(help="Other parts of the drive's property string.")


class EfiDisk(Part):
    """The disk that holds the UEFI variables."""

    storage: str | None = field(part="storage", sticky=True, help="The storage that holds it.")
    volume: str | None = field(part="volume", help="An existing volume to attach.", quiet=True)
    size: Size | None = field(part="size", help="Chosen by PVE.", quiet=True)
    format: str | None = field(part="format", help="Image format on file storages.", quiet=True)
    type: str | None = field(
        part="efitype", default="2m", hint=True, help="Size class of the variables.", pattern="^(2m|4m)$"
    )
    pre_enrolled_keys: bool | None = field(
        part="pre-enrolled-keys",
        default=False,
        hint=True,
        help="Whether it starts with the distributions' secure boot keys.",
    )
    options: OptionMap | None = field(help="Other parts.")


class Tpm(Part):
    """The TPM's state."""

    storage: str | None = field(part="storage", sticky=True, help="The storage that holds it.")
    volume: str | None = field(part="volume", help="An existing volume to attach.", quiet=True)
    size: Size | None = field(part="size", help="Chosen by PVE.", quiet=True)
    format: str | None = field(part="format", help="Image format on file storages.", quiet=True)
    version: str | None = field(
        part="version", default="v1.2", hint=True, help="TPM version.", pattern=r"^v(1\.2|2\.0)$"
    )
    options: OptionMap | None = field(help="Other parts.")


def write_disk(parts: dict[str, str]) -> dict[str, str]:
    return write_volume(parts, "file")


def read_cdrom(parts: dict[str, str]) -> dict[str, str]:
    rest = {name: text for name, text in parts.items() if name not in ("file", "volume", "media", "size")}
    return {"iso": parts.get("file", parts.get("volume", "none")), **rest}


def write_cdrom(parts: dict[str, str]) -> dict[str, str]:
    rest = {name: text for name, text in parts.items() if name != "iso"}
    return {"file": parts.get("iso", "none"), "media": "cdrom", **rest}


def _volume(parts: Mapping[str, str]) -> str:
    return parts.get("file", parts.get("volume", ""))


def is_cloud_init(parts: Mapping[str, str]) -> bool:
    return _CLOUD_INIT.fullmatch(_volume(parts)) is not None


def is_cdrom(parts: Mapping[str, str]) -> bool:
    media = parts.get("media") == "cdrom" or _volume(parts) in ("none", "cdrom")
    return media and not is_cloud_init(parts)


def is_disk(parts: Mapping[str, str]) -> bool:
    return not is_cdrom(parts) and not is_cloud_init(parts)


def lift_cloud_init_drive(fields: Fields) -> Fields:
    """Live fields with the cloud-init drive, which no list claims, as `cloudInit.storage` and `cloudInit.slot`."""
    lifted = dict(fields)
    for path, value in fields.items():
        slot = path.removeprefix("options.")
        if slot != path and slot.rstrip("0123456789") in BUSES and isinstance(value, str):
            volume = _volume(parse_property_string(value, "file")) or _drive_in(value)
            if _CLOUD_INIT.fullmatch(volume):
                del lifted[path]
                lifted |= {
                    "cloudInit.storage": volume.partition(":")[0],
                    "cloudInit.slot": slot,
                    "cloudInit.drive": volume,
                }
    return lifted


def _drive_in(option: str) -> str:
    # Raw options are compared with sorted parts, so the bare volume need not stand first.
    return next((part for part in option.split(",") if _CLOUD_INIT.fullmatch(part)), "")


def lower_cloud_init_drive(fields: Mapping[str, Value]) -> Fields:
    """The reverse of `lift_cloud_init_drive`, for writing: a drive that is not there yet is allocated."""
    lowered = {path: value for path, value in fields.items() if path not in ("cloudInit.slot", "cloudInit.drive")}
    storage = lowered.pop("cloudInit.storage", None)
    if storage is not None:
        slot = fields.get("cloudInit.slot", DEFAULT_CLOUD_INIT_SLOT)
        drive = str(fields.get("cloudInit.drive", ""))
        volume = drive if drive.startswith(f"{storage}:") else f"{storage}:cloudinit"
        lowered[f"options.{slot}"] = f"{volume},media=cdrom"
    return lowered
