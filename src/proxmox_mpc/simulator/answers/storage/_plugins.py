"""Storage types: which options each takes, which it needs, which never change, and what it shows by default.

From the schema of PVE's storage plugins as the API behaves (9.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator.answers.storage._space import content_of
from proxmox_mpc.simulator.state.storage import SHARED_TYPES


@dataclass(frozen=True)
class Option:
    """`needed` at creation; `fixed` afterwards."""

    needed: bool = False
    fixed: bool = False


@dataclass(frozen=True)
class Plugin:
    """A storage type: its options, and the contents it can hold."""

    options: Mapping[str, Option]
    contents: frozenset[str]


_FREE = Option()
_FIXED = Option(fixed=True)
_KEY = Option(needed=True, fixed=True)
_COMMON = "type content nodes disable shared bwlimit"
_FILES = "content-dirs create-base-path create-subdirs format max-protected-backups mkdir preallocation prune-backups"
_ALL_FILES = "images rootdir vztmpl iso backup snippets import none"


def _plugin(contents: str, free: str = "", fixed: str = "", key: str = "") -> Plugin:
    options = dict.fromkeys(f"{_COMMON} {free}".split(), _FREE)
    options |= dict.fromkeys(fixed.split(), _FIXED) | dict.fromkeys(key.split(), _KEY)
    options["type"] = Option(needed=True, fixed=True)
    return Plugin(options, frozenset(contents.split()))


PLUGINS: Mapping[str, Plugin] = {
    "dir": _plugin(_ALL_FILES, f"{_FILES} is_mountpoint snapshot-as-volume-chain", key="path"),
    "btrfs": _plugin(_ALL_FILES, f"{_FILES} is_mountpoint nocow", key="path"),
    "nfs": _plugin(_ALL_FILES, f"{_FILES} options snapshot-as-volume-chain", "path", "server export"),
    "cifs": _plugin(
        _ALL_FILES, f"{_FILES} domain options password smbversion subdir username snapshot-as-volume-chain", "path",
        "server share",
    ),
    "cephfs": _plugin(
        "vztmpl iso backup snippets import none", f"{_FILES} fs-name fuse keyring monhost options subdir username", "path"
    ),
    "lvm": _plugin(
        "images rootdir none", "saferemove saferemove-stepsize saferemove_throughput tagged_only snapshot-as-volume-chain",
        "base", "vgname",
    ),
    "lvmthin": _plugin("images rootdir none", key="thinpool vgname"),
    "zfspool": _plugin("images rootdir none", "blocksize mountpoint sparse", key="pool"),
    "zfs": _plugin(
        "images none", "blocksize comstar_hg comstar_tg lio_tpg nowritecache sparse zfs-base-path",
        key="iscsiprovider pool portal target",
    ),
    "rbd": _plugin(
        "images rootdir none", "authsupported data-pool keyring krbd monhost namespace pool username", "pool data-pool"
    ),
    "iscsi": _plugin("images none", key="portal target"),
    "iscsidirect": _plugin("images none", key="portal target"),
    "pbs": _plugin(
        "backup none",
        "encryption-key fingerprint master-pubkey max-protected-backups namespace password port prune-backups username",
        key="datastore server",
    ),
    "esxi": _plugin("import none", "password port skip-cert-verification username", key="server"),
}  # fmt: skip


def check_options(plugin: Plugin, given: Mapping[str, str], *, creating: bool = False, prefix: str = "") -> None:
    """Options of other types are refused; at creation, the needed ones must be there."""
    if creating:
        for name, option in plugin.options.items():
            if option.needed and name not in given:
                die(f"missing value for required option '{name}'")
    for name in given:
        if name not in plugin.options:
            die(f"{prefix}unexpected property '{name}'")


def check_content(kind: str, content: str | None, prefix: str = "") -> None:
    """Contents that the type cannot hold. The text names 'none' whatever was asked for (sic, 9.1)."""
    if not content:
        return
    wanted = [c for c in re.split(r"[,;\s]+", content) if c]
    if "none" in wanted and len(wanted) > 1:
        die(f"{prefix}unable to combine 'none' with other content types")
    if kind not in ("pbs", "cifs") and any(c not in PLUGINS[kind].contents for c in wanted):
        die(f"{prefix}storage does not support content type 'none'")


def check_values(name: str, definition: Mapping[str, str]) -> None:
    if definition["type"] in ("dir", "btrfs") and re.search(r"[^\w\-+.:@/%]", definition["path"]):
        die(f"illegal path for directory storage: {definition['path']}")
    if definition.get("format") == "subvol" and definition["type"] not in ("dir", "zfspool", "btrfs"):
        refuse(format="unsupported format 'subvol'")


def cannot_activate(name: str, definition: Mapping[str, str]) -> str | None:
    """Why a new or changed storage would not come up, as far as a simulator can know."""
    if definition.get("disable") == "1" or definition["type"] != "dir":
        return None
    if definition.get("content") == "none":
        return "unknown vtype 'none'"
    path, mount = definition["path"], definition.get("is_mountpoint", "no")
    prefix = f"unable to activate storage '{name}' - "
    if mount not in ("0", "no", "off", "false"):
        where = path if mount in ("1", "yes", "on", "true") else mount
        return f"{prefix}directory is expected to be a mount point but is not mounted: '{where}'"
    if definition.get("mkdir") == "0" or definition.get("create-base-path") == "0":
        return f"{prefix}directory '{path}' does not exist or is unreachable"
    return None


def defaults(name: str, definition: Mapping[str, str]) -> dict[str, object]:
    """What the API shows although nobody set it."""
    shown: dict[str, object] = {"content": content_of(definition)}
    kind = definition["type"]
    if kind in SHARED_TYPES:
        shown["shared"] = 1
    if kind in ("nfs", "cifs", "cephfs"):
        shown["path"] = f"/mnt/pve/{name}"
    return shown
