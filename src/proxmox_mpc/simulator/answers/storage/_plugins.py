"""Storage types: which options each takes, which it needs, which never change, and what it shows by default.

From the schema of PVE's storage plugins as the API behaves (9.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator.answers.storage._space import content_of
from proxmox_mpc.simulator.formats import split_list
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


def _plugin(contents: str, free: str = "", fixed: str = "", key: str = "", needed: str = "") -> Plugin:
    options = dict.fromkeys(f"{_COMMON} {free}".split(), _FREE)
    options |= dict.fromkeys(fixed.split(), _FIXED) | dict.fromkeys(key.split(), _KEY)
    options |= dict.fromkeys(needed.split(), Option(needed=True))
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
        "vztmpl iso backup snippets import", f"{_FILES} fs-name fuse keyring monhost options subdir username", "path"
    ),
    # Gone with 9.0.
    "glusterfs": _plugin(_ALL_FILES, f"{_FILES} server server2 transport", "path", "volume"),
    "lvm": _plugin(
        "images rootdir", "saferemove saferemove-stepsize saferemove_throughput tagged_only snapshot-as-volume-chain",
        "base", "vgname",
    ),
    "lvmthin": _plugin("images rootdir", key="thinpool vgname"),
    "zfspool": _plugin("images rootdir", "blocksize mountpoint sparse", key="pool"),
    "zfs": _plugin(
        "images", "comstar_hg comstar_tg lio_tpg nowritecache sparse zfs-base-path",
        key="blocksize iscsiprovider pool portal target",
    ),
    "rbd": _plugin(
        "images rootdir", "authsupported data-pool keyring krbd monhost namespace pool username"
    ),
    "iscsi": _plugin("images none", key="portal target"),
    "iscsidirect": _plugin("images none", key="portal target"),
    "pbs": _plugin(
        "backup none",
        "encryption-key fingerprint master-pubkey max-protected-backups namespace password port prune-backups username",
        key="datastore server",
    ),
    "esxi": _plugin("import", "password port skip-cert-verification", needed="server username"),
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
    """Contents that the type cannot hold are dropped; when none is left, that is content 'none' (sic, 9.1)."""
    if not content:
        return
    wanted = split_list(content)
    if "none" in wanted and len(wanted) > 1:
        die(f"{prefix}unable to combine 'none' with other content types")
    if not PLUGINS[kind].contents.intersection([*wanted, "none"]):
        die(f"{prefix}storage does not support content type 'none'")


def tidy(definition: Mapping[str, str]) -> dict[str, str]:
    """A definition as storage.cfg keeps it: contents that the type can hold, lists with commas, no empty switches."""
    kept = {
        k: v for k, v in definition.items() if not ((k == "disable" and v == "0") or (k == "nodes" and not v.strip()))
    }
    if "nodes" in kept:
        kept["nodes"] = ",".join(split_list(kept["nodes"]))
    if "content" in kept:
        held = [c for c in split_list(kept["content"]) if c in PLUGINS[kept["type"]].contents]
        kept["content"] = ",".join(held) or "none"
    return kept


def check_values(name: str, definition: Mapping[str, str]) -> None:
    if definition["type"] in ("dir", "btrfs") and re.search(r"[^\w\-+.:@/%]", definition["path"]):
        die(f"illegal path for directory storage: {definition['path']}")
    if definition.get("format") == "subvol" and definition["type"] not in ("dir", "zfspool", "btrfs"):
        refuse(format="unsupported format 'subvol'")


def cannot_activate(name: str, definition: Mapping[str, str]) -> str | None:
    """Why a new or changed storage would not come up, as far as a simulator can know."""
    look = _PROVIDERS.get(definition["type"])
    if look and (complaint := look(definition)):
        return complaint
    if definition.get("disable") == "1" or definition["type"] != "dir":
        return None
    if definition.get("content") == "none":
        return "unknown vtype 'none'"
    path, mount = definition["path"], definition.get("is_mountpoint", "no")
    if re.match(r"/(?:proc|sys)/", path):
        return f"mkdir {path}: No such file or directory at /usr/share/perl5/PVE/Storage/Plugin.pm line 2568."
    prefix = f"unable to activate storage '{name}' - "
    if mount not in ("0", "no", "off", "false"):
        where = path if mount in ("1", "yes", "on", "true") else mount
        return f"{prefix}directory is expected to be a mount point but is not mounted: '{where}'"
    if definition.get("mkdir") == "0" or definition.get("create-base-path") == "0":
        return f"{prefix}directory '{path}' does not exist or is unreachable"
    return None


def _iscsi_provider(definition: Mapping[str, str]) -> str | None:
    known = ("comstar", "istgt", "iet", "LIO")
    given = definition.get("iscsiprovider", "")
    if given in known:
        return None
    listed = ", ".join(known)
    return (
        f"{given}: unknown iscsi provider. Available [{listed}] at /usr/share/perl5/PVE/Storage/ZFSPlugin.pm line 35."
    )


def _backup_keys(definition: Mapping[str, str]) -> str | None:
    key = definition.get("encryption-key", "autogen")
    if key != "autogen" and not key.lstrip().startswith("{"):
        return "Value does not seems like a valid, JSON formatted encryption key!"
    if "master-pubkey" in definition and "encryption-key" not in definition:
        return "'master-pubkey' can only be used together with 'encryption-key'"
    return None


_PROVIDERS: Mapping[str, Callable[[Mapping[str, str]], str | None]] = {
    "zfs": _iscsi_provider,
    "pbs": _backup_keys,
    "esxi": lambda definition: None if definition.get("password") else "missing password",
}


def defaults(name: str, definition: Mapping[str, str]) -> dict[str, object]:
    """What the API shows although nobody set it."""
    shown: dict[str, object] = {"content": content_of(definition)}
    kind = definition["type"]
    if kind in SHARED_TYPES:
        shown["shared"] = 1
    if kind in ("nfs", "cifs", "cephfs", "glusterfs"):
        shown["path"] = f"/mnt/pve/{name}"
    if kind == "zfs":
        shown["zfs-base-path"] = "/dev/zvol"
    return shown
