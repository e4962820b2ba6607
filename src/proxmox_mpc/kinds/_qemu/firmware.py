"""The board that a guest sees: machine type, SMBIOS texts, UEFI variables, TPM."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import OptionMap, Part, Size, field

_TEXTS = ("version", "serial", "manufacturer", "product", "sku", "family")
_FAMILIES = {"q35": "pc-q35-", "pc": "pc-i440fx-", "virt": "virt-"}


def is_pinned(live: Value, wanted: Value) -> bool:
    """Whether the live type is a version of the wanted one: PVE pins that of Windows guests at creation (9.1)."""
    family = _FAMILIES.get(str(wanted))
    return family is not None and re.match(re.escape(family) + r"\d", str(live)) is not None


class Machine(Part):
    """The machine type, and what belongs to it."""

    shorthand = "type"
    type: str | None = field(
        part="type",
        help="Such as q35, pc or pc-q35-9.2; a type without a version takes the newest.",
        max_length=40,
        covers=is_pinned,
    )
    viommu: Literal["intel", "virtio"] | None = field(part="viommu", help="An IOMMU inside the guest.")
    aw_bits: int | None = field(part="aw-bits", ge=32, le=64, help="Address width of the IOMMU, in bits; PVE 9.")
    enable_s3: bool | None = field(part="enable-s3", help="Sleep to memory (S3).")
    enable_s4: bool | None = field(part="enable-s4", help="Sleep to disk (S4).")
    options: OptionMap | None = field(help="Other parts.")


class Smbios(Part):
    """Texts that the guest reads of its hardware."""

    uuid: str | None = field(
        part="uuid", help="UUID.", quiet=True, pattern=r"^[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$"
    )
    manufacturer: str | None = field(part="manufacturer", help="Manufacturer.")
    product: str | None = field(part="product", help="Product.")
    version: str | None = field(part="version", help="Version.")
    serial: str | None = field(part="serial", help="Serial number.")
    sku: str | None = field(part="sku", help="SKU.")
    family: str | None = field(part="family", help="Family.")
    options: OptionMap | None = field(help="Other parts.")


def read_smbios(parts: dict[str, str]) -> dict[str, str]:
    """The texts, which are mostly written in base64; what is none stays as it stands."""
    if parts.get("base64") not in ("1", "on", "yes", "true"):
        return parts
    try:
        return {
            name: base64.b64decode(text, validate=True).decode() if name in _TEXTS else text
            for name, text in parts.items()
            if name != "base64"
        }
    except (binascii.Error, UnicodeDecodeError):
        return parts


def write_smbios(parts: dict[str, str]) -> dict[str, str]:
    # Only so can a text hold commas and letters that PVE's pattern does not know.
    if "base64" in parts or not any(name in parts for name in _TEXTS):
        return parts
    encoded = {n: base64.b64encode(text.encode()).decode() if n in _TEXTS else text for n, text in parts.items()}
    return {**encoded, "base64": "1"}


class EfiDisk(Part):
    """The disk that holds the UEFI variables."""

    storage: str | None = field(part="storage", sticky=True, refers=("Storage",), help="The storage that holds it.")
    volume: str | None = field(part="volume", help="An existing volume to attach.", quiet=True)
    size: Size | None = field(part="size", help="Chosen by PVE.", quiet=True)
    format: str | None = field(part="format", help="Image format on file storages.", quiet=True)
    import_from: str | None = field(
        part="import-from", refers=("StorageFile",), help="A volume whose content it starts with.", hint=True
    )
    type: Literal["2m", "4m"] | None = field(
        part="efitype", default="2m", hint=True, help="Size class of the variables."
    )
    pre_enrolled_keys: bool | None = field(
        part="pre-enrolled-keys",
        default=False,
        hint=True,
        help="Whether it starts with the distributions' secure boot keys.",
    )
    ms_cert: Literal["2011", "2023", "2023w", "2023k"] | None = field(
        part="ms-cert", default="2011", hint=True, help="Year of Microsoft's newest certificate on it."
    )
    options: OptionMap | None = field(help="Other parts.")


class Tpm(Part):
    """The TPM's state."""

    storage: str | None = field(part="storage", sticky=True, refers=("Storage",), help="The storage that holds it.")
    volume: str | None = field(part="volume", help="An existing volume to attach.", quiet=True)
    size: Size | None = field(part="size", help="Chosen by PVE.", quiet=True)
    format: str | None = field(part="format", help="Image format on file storages.", quiet=True)
    import_from: str | None = field(
        part="import-from", refers=("StorageFile",), help="A volume whose content it starts with.", hint=True
    )
    version: Literal["v1.2", "v2.0"] | None = field(part="version", default="v1.2", hint=True, help="TPM version.")
    options: OptionMap | None = field(help="Other parts.")
