"""Storages and the volumes on them."""

from __future__ import annotations

import re
from dataclasses import dataclass

GIB = 1024**3

# Types whose volumes are files in directories, and types that all nodes see the same (PVE::Storage plugins, 9.1).
FILE_TYPES = frozenset({"dir", "nfs", "cifs", "cephfs", "glusterfs", "btrfs"})
SHARED_TYPES = frozenset({"nfs", "cifs", "cephfs", "glusterfs", "rbd", "iscsi", "iscsidirect", "pbs", "zfs"})

_FORMATS = {"raw", "qcow2", "vmdk", "subvol"}
_TEMPLATES = r"[^/]+\.(tar\.(?:gz|xz|zst|bz2)|tgz)"
_IMAGE = re.compile(r"(?:(?P<base>\d+/[^/]+)/)?(?P<vmid>\d+)/(?P<file>[^/]+\.(?P<format>raw|qcow2|vmdk|subvol))")
_BLOCK = re.compile(r"(?:(?P<base>base-\d+-[^/]+)/)?(?P<file>(?:vm|base|subvol)-(?P<vmid>\d+)-[^/]+)")
_FILES = (
    ("iso", re.compile(r"iso/([^/]+\.(?:iso|img))", re.IGNORECASE), "template/iso"),
    ("vztmpl", re.compile(rf"vztmpl/({_TEMPLATES}|[^/]+\.tar)"), "template/cache"),
    ("backup", re.compile(r"backup/([^/]+\.(?:tgz|(?:tar|vma)(?:\.(?:gz|lzo|zst|bz2))?))"), "dump"),
    ("snippets", re.compile(r"snippets/([^/]+)"), "snippets"),
    ("import", re.compile(r"import/([^/]+\.(?:ova|ovf|qcow2|raw|vmdk)(?:/[^/]+)?)"), "import"),
)
_BACKUP = re.compile(r"vzdump-(qemu|lxc|openvz)-(\d+)-")


@dataclass(frozen=True)
class Name:
    """A volume name taken apart. `content` is what it may hold; `path` is below the storage's root."""

    content: str
    vmid: int | None
    file: str
    format: str
    path: str
    base: str = ""


@dataclass
class Volume:
    """One volume. `size` and `used` in bytes; `has_os` when something bootable is on it;
    `virtual` the size that an image file unfolds to (0: `size`); `conf` the configuration inside a backup;
    `file` where real guests' data is (`machines/disks.py`)."""

    name: str
    content: str
    format: str
    size: int
    created: float
    vmid: int | None = None
    used: int = 4096
    parent: str = ""
    notes: str = ""
    protected: bool = False
    has_os: bool = False
    virtual: int = 0
    conf: str = ""
    file: str = ""


def parse_name(kind: str, name: str) -> Name | None:
    """Read a volume name the way storages of type `kind` do; None where they cannot."""
    if kind in FILE_TYPES:
        return _parse_file(name)
    if (found := _BLOCK.fullmatch(name)) and kind not in ("pbs", "iscsi"):
        form = "subvol" if found["file"].startswith("subvol-") else "raw"
        return Name("images", int(found["vmid"]), found["file"], form, found["file"], found["base"] or "")
    return Name("images", None, name, "raw", name) if kind in ("pbs", "iscsi") else None


def _parse_file(name: str) -> Name | None:
    if found := _IMAGE.fullmatch(name):
        return Name(
            "images", int(found["vmid"]), found["file"], found["format"], f"images/{found['vmid']}/{found['file']}",
            found["base"] or "",
        )  # fmt: skip
    for content, pattern, folder in _FILES:
        if found := pattern.fullmatch(name):
            file = found[1]
            owner = _BACKUP.match(file) if content == "backup" else None
            return Name(content, int(owner[2]) if owner else None, file, _format(content, file), f"{folder}/{file}")
    return None


def _format(content: str, file: str) -> str:
    if content == "iso":
        return "iso"
    if content == "vztmpl":
        ending = re.search(r"\.tar(?:\.(gz|xz|zst|bz2))?$", file)
        return f"t{ending[1] or 'ar'}" if ending and ending[1] != "gz" else "tgz"
    if content == "backup":
        return file.partition(".")[2]
    return "snippet" if content == "snippets" else file.rpartition(".")[2]


def size_text(size: int) -> str:
    """Bytes as a disk's `size=` shows them: the largest unit that leaves no remainder."""
    for unit, letter in ((1024**4, "T"), (GIB, "G"), (1024**2, "M"), (1024, "K")):
        if size and size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


def parse_size(text: str) -> int:
    """`1G`, `512M`, `0.5T` or plain bytes → bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    if not found:
        raise ValueError(text)
    return int(float(found[1]) * {"": 1, "K": 1024, "M": 1024**2, "G": GIB, "T": 1024**4}[found[2]])
