"""Cloud-init: what a guest configures at first boot, and the drive from which it reads that.

On the wire the drive is one of the disks, `ide2: local-lvm:vm-100-cloudinit,media=cdrom`; here it is two fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Fields, Value, parse_property_string
from proxmox_mpc.kinds._field import Impact, OptionMap, Part, field, group, keyed
from proxmox_mpc.kinds._slots import DEFAULT_SLOT

BUSES = ("scsi", "virtio", "sata", "ide")
_VOLUME = re.compile(r"[^:]+:(.*[/-])?cloudinit(\.\w+)?")


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

    user: str | None = field(part="user", refers=("StorageFile",), help="Volume of the user data snippet.")
    network: str | None = field(part="network", refers=("StorageFile",), help="Volume of the network snippet.")
    vendor: str | None = field(part="vendor", refers=("StorageFile",), help="Volume of the vendor data snippet.")
    meta: str | None = field(part="meta", refers=("StorageFile",), help="Volume of the meta data snippet.")
    options: OptionMap | None = field(help="Other parts.")


class CloudInit(Part):
    """What the guest configures at first boot; changes reach it at the next."""

    storage: str | None = field(
        impact=Impact.PENDING,
        refers=("Storage",),
        help="Storage of the cloud-init drive; without it no drive is added.",
    )
    slot: str | None = field(
        default=DEFAULT_SLOT, hint=True, help="Slot of the drive, when it is made.", pattern=r"^(ide|sata|scsi)\d+$"
    )
    drive: str | None = field(help="Volume of the drive.", quiet=True)
    type: Literal["nocloud", "configdrive2", "opennebula"] | None = field("citype", help="Data source.")
    user: str | None = field("ciuser", help="User to create instead of the image's default.")
    password: str | None = field("cipassword", secret=True, echoed=True, help="Password of the user.")
    ssh_keys: list[str] | None = field("sshkeys", codec=_codec.SSH_KEYS, help="SSH public keys of the user.")
    ip_config: list[IpConfig] | None = keyed("ipconfig", help="Addresses, in the cards' order.")
    nameservers: list[str] | None = field("nameserver", codec=_codec.WORDS, help="DNS servers.")
    search_domain: str | None = field("searchdomain", help="DNS search domain.")
    custom: Custom | None = group("cicustom", help="Own snippets.")
    upgrade: bool | None = field("ciupgrade", default=True, help="Upgrade packages at first boot.")


def volume_of(parts: Mapping[str, str]) -> str:
    """What a drive's property string names."""
    return parts.get("file", parts.get("volume", ""))


def is_cloud_init(parts: Mapping[str, str]) -> bool:
    return _VOLUME.fullmatch(volume_of(parts)) is not None


def lift_drive(fields: Fields) -> Fields:
    """Live fields with the cloud-init drive, which no list claims, as `cloudInit.storage` and `cloudInit.slot`.

    PVE makes one; another that somebody attached by its volume is a CD-ROM like any (vm-create-full, 9.1).
    """
    lifted = dict(fields)
    for path, value in fields.items():
        slot = path.removeprefix("options.")
        if slot != path and slot.rstrip("0123456789") in BUSES and isinstance(value, str):
            volume = volume_of(parse_property_string(value, "file")) or _drive_in(value)
            if _VOLUME.fullmatch(volume):
                del lifted[path]
                if "cloudInit.drive" in lifted:
                    lifted[f"cdrom.{slot}.iso"] = volume
                    continue
                lifted |= {
                    "cloudInit.storage": volume.partition(":")[0],
                    "cloudInit.slot": slot,
                    "cloudInit.drive": volume,
                }
    return lifted


def _drive_in(option: str) -> str:
    # Raw options are compared with sorted parts, so the bare volume need not stand first.
    return next((part for part in option.split(",") if _VOLUME.fullmatch(part)), "")


def lower_drive(fields: Mapping[str, Value]) -> Fields:
    """The reverse of `lift_drive`, for writing: a drive that is not there yet is allocated."""
    lowered = {path: value for path, value in fields.items() if path not in ("cloudInit.slot", "cloudInit.drive")}
    storage = lowered.pop("cloudInit.storage", None)
    if storage is not None:
        slot = fields.get("cloudInit.slot", DEFAULT_SLOT)
        drive = str(fields.get("cloudInit.drive", ""))
        volume = drive if drive.startswith(f"{storage}:") else f"{storage}:cloudinit"
        lowered[f"options.{slot}"] = f"{volume},media=cdrom"
    return lowered
