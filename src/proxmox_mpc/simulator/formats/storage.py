"""Storage names, volumes, contents, sizes and paths."""

from __future__ import annotations

import re
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, looks_like, says

CONTENT_TYPES = ("images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import", "none")

_STORAGE = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]")


def storage(value: str) -> None:
    if len(value) < 2:
        raise FormatError(f"storage ID '{value}' cannot be shorter than 2 characters\n")
    if not _STORAGE.fullmatch(value):
        raise FormatError(f"storage ID '{value}' contains illegal characters\n")


def volume(value: str) -> None:
    name, colon, rest = value.partition(":")
    if not colon or not rest or not _STORAGE.fullmatch(name):
        raise FormatError(f"unable to parse volume ID '{value}'\n")


def content(value: str) -> None:
    if value not in CONTENT_TYPES:
        raise FormatError(f"invalid content type '{value}'\n")


def volume_or_drive(value: str) -> None:
    """What stands first in a drive: a volume, `none`, `cdrom`, or a path on the node."""
    if value not in ("none", "cdrom") and not value.startswith("/"):
        volume(value)


def volume_or_path(value: str) -> None:
    if not value.startswith("/"):
        volume(value)


def mount_point(value: str) -> None:
    if re.search(r"(?:^|/)\.\.?(?:/|$)", value):
        raise FormatError(f"{value} contains illegal character sequences\n")


def device(value: str) -> None:
    if not value.startswith("/dev/"):
        raise FormatError(f"{value} is not a valid device path\n")


def prune(value: str) -> None:
    """keep-all excludes the others; a bad part is told by the property string before this."""
    parts = [p.partition("=") for p in value.split(",")]
    keys = {k for k, _, v in parts if v not in ("", "0")}
    if "keep-all" in keys and len(keys) > 1:
        raise FormatError("keep-all cannot be set together with other options.\n")


FORMATS: dict[str, Callable[[str], None]] = {
    "pve-storage-id": storage,
    "pve-volume-id": volume,
    "pve-volume-id-or-qm-path": volume_or_drive,
    "pve-volume-id-or-absolute-path": volume_or_path,
    "pve-storage-content": content,
    "pve-storage-path": looks_like(r"/.+", "absolute path"),
    "pve-storage-path-in-property-string": looks_like(r"/[^,]+", "absolute path"),
    "pve-storage-server": looks_like(r"[a-zA-Z0-9][a-zA-Z0-9.:\-]*|\[[0-9a-fA-F:.]+\]", "server name or IP address"),
    "pve-storage-portal-dns": looks_like(r"[a-zA-Z0-9.\-:\[\]]+", "portal address"),
    "pve-storage-vgname": says(r"[A-Za-z0-9_+.\-]+", "lvm name '{value}' contains illegal characters"),
    "pve-storage-options": says(r"\S+", "invalid options '{value}'"),
    "pve-lxc-mp-string": mount_point,
    "pve-lxc-dev-string": device,
    "disk-size": says(r"\d+(?:\.\d+)?[KMGT]?", "value does not look like a valid disk size: {value}"),
    "prune-backups": prune,
    "pve-dir-override": looks_like(r"[a-z]+=[^,]+", "content directory override"),
}
