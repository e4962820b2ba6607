"""Storage: a storage definition of the cluster, of any type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from proxmox_mpc.kinds import _blast
from proxmox_mpc.kinds._backups import Keep
from proxmox_mpc.kinds._bandwidth import Bandwidth
from proxmox_mpc.kinds._codec import Codec
from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Impact, NameList, OptionMap, Part, field, group
from proxmox_mpc.kinds._guest_columns import memory
from proxmox_mpc.kinds._kind import Change, Column, Hit, Live, Resource
from proxmox_mpc.kinds._nodes import check_nodes
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._view import View

# What PVE fixes at creation (facts-objects.md 7): another value means a new definition; the data stays where it is.
FIXED = Impact.REPLACE


def _directories(value: Any) -> list[str]:
    """`iso=images`, sorted; the API shows them taken apart (facts-objects.md 8, storage)."""
    pairs = [f"{name}={where}" for name, where in value.items()] if isinstance(value, dict) else value
    return sorted(pairs if isinstance(pairs, list) else str(pairs).split(","))


CONTENT_DIRS = Codec("list", _directories, lambda value: ",".join(value), example="[iso=images]")


class StorageSpec(Part):
    """A storage. Which fields apply depends on its type; PVE refuses the others."""

    type: str | None = field("type", impact=FIXED, help="Type, such as dir, nfs, lvmthin, zfspool, rbd, pbs.")
    content: NameList | None = field("content", help="What it may hold, such as images, iso, backup.")
    nodes: NameList | None = field("nodes", help="Nodes that have it; without it all.")
    disable: bool | None = field("disable", default=False, help="Turn it off without removing it.")
    shared: bool | None = field("shared", default=False, help="Whether all nodes see the same content.")
    bandwidth: Bandwidth | None = group("bwlimit", help="Limits on traffic, in KiB per second.")

    path: str | None = field("path", impact=FIXED, help="Directory (dir, btrfs), or mount point (nfs, cifs, cephfs).")
    is_mountpoint: str | None = field(
        "is_mountpoint",
        default="no",
        help="Use it only when something is mounted there: yes, or the path (dir, btrfs).",
    )
    create_base_path: bool | None = field("create-base-path", default=True, help="Make the directory.")
    create_subdirs: bool | None = field("create-subdirs", default=True, help="Make the directories inside it.")
    mkdir: bool | None = field("mkdir", default=True, help="Older word for both.")
    content_dirs: list[str] | None = field(
        "content-dirs", codec=CONTENT_DIRS, help="Other directories for contents, as iso=images."
    )
    format: Literal["raw", "qcow2", "subvol", "vmdk"] | None = field("format", help="Format of new images.")
    preallocation: Literal["off", "metadata", "falloc", "full"] | None = field(
        "preallocation", default="metadata", help="How new raw and qcow2 images are allocated."
    )
    snapshot_chain: bool | None = field(
        "snapshot-as-volume-chain",
        impact=FIXED,
        default=False,
        help="Snapshots as chains of volumes (dir, nfs, cifs, lvm; 9.x).",
    )
    keep: Keep | None = group("prune-backups", help="Which backups are kept.")
    max_protected_backups: int | None = field(
        "max-protected-backups", ge=-1, help="Protected backups of a guest at most; -1: no limit."
    )
    nocow: bool | None = field("nocow", default=False, help="Images without copy on write (btrfs).")

    server: str | None = field("server", impact=FIXED, help="Server (nfs, cifs, pbs, esxi, glusterfs).")
    server2: str | None = field("server2", impact=FIXED, help="Second server (glusterfs, 8.x).")
    port: int | None = field("port", ge=1, le=65535, help="Its port (pbs, esxi).")
    username: str | None = field("username", help="User (cifs, pbs, rbd, cephfs, esxi).")
    password: str | None = field(
        "password", secret=True, beside=("username", "type=cifs|pbs|esxi"), help="Password (cifs, pbs, esxi)."
    )
    mount_options: str | None = field("options", help="Mount options (nfs, cifs, cephfs).")
    export: str | None = field("export", impact=FIXED, help="Exported path (nfs).")
    share: str | None = field("share", impact=FIXED, help="Share (cifs).")
    domain: str | None = field("domain", help="Domain (cifs).")
    subdir: str | None = field("subdir", help="Directory in the share (cifs, cephfs).")
    smb_version: Literal["default", "2.0", "2.1", "3", "3.0", "3.11"] | None = field(
        "smbversion", default="default", help="Protocol version (cifs)."
    )
    skip_certificate_check: bool | None = field(
        "skip-cert-verification", default=False, help="Trust any certificate (esxi)."
    )
    transport: Literal["tcp", "rdma", "unix"] | None = field("transport", help="Transport (glusterfs, 8.x).")
    volume: str | None = field("volume", impact=FIXED, help="Volume (glusterfs, 8.x).")

    datastore: str | None = field("datastore", impact=FIXED, help="Datastore (pbs).")
    backup_namespace: str | None = field("namespace", help="Namespace (pbs, rbd).")
    fingerprint: str | None = field("fingerprint", help="SHA-256 fingerprint of the server (pbs).")
    encryption_key: str | None = field("encryption-key", secret=True, help="Encryption key, or autogen (pbs).")
    master_key: str | None = field("master-pubkey", secret=True, help="Public key that can decrypt it, too (pbs).")

    monhost: str | None = field("monhost", help="Monitors of an external cluster (rbd, cephfs).")
    keyring: str | None = field(
        "keyring", secret=True, beside=("monhost",), help="Keyring of an external cluster (rbd, cephfs)."
    )
    pool: str | None = field("pool", impact=FIXED, help="Pool (zfspool, zfs, rbd).")
    data_pool: str | None = field("data-pool", help="Pool for the data, where another one holds the rest (rbd).")
    krbd: bool | None = field("krbd", default=False, help="Use the kernel driver (rbd).")
    auth_supported: str | None = field("authsupported", impact=FIXED, help="Authentication (rbd).")
    fs_name: str | None = field("fs-name", help="File system (cephfs).")
    fuse: bool | None = field("fuse", default=False, help="Mount it by FUSE (cephfs).")

    vgname: str | None = field("vgname", impact=FIXED, help="Volume group (lvm, lvmthin).")
    thinpool: str | None = field("thinpool", impact=FIXED, help="Thin pool (lvmthin).")
    base: str | None = field("base", impact=FIXED, help="Volume that the group stands on (lvm).")
    tagged_only: bool | None = field("tagged_only", default=False, help="Only volumes with PVE's tag (lvm).")
    safe_remove: bool | None = field("saferemove", default=False, help="Overwrite what is removed (lvm).")
    safe_remove_throughput: str | None = field("saferemove_throughput", help="How fast, in bytes per second (lvm).")
    safe_remove_step: int | None = field("saferemove-stepsize", default=32, help="In steps of so many MiB (lvm; 9.x).")

    portal: str | None = field("portal", impact=FIXED, help="Portal (iscsi, iscsidirect, zfs).")
    target: str | None = field("target", impact=FIXED, help="Target (iscsi, iscsidirect, zfs).")

    sparse: bool | None = field("sparse", default=False, help="Thin volumes (zfspool, zfs).")
    blocksize: str | None = field("blocksize", help="Block size (zfspool, zfs; fixed there).")
    mountpoint: str | None = field("mountpoint", help="Where the pool is mounted (zfspool).")
    iscsi_provider: str | None = field("iscsiprovider", impact=FIXED, help="Software of the target (zfs).")
    lio_tpg: str | None = field("lio_tpg", help="Target portal group (zfs, LIO).")
    comstar_hg: str | None = field("comstar_hg", help="Host group (zfs, comstar).")
    comstar_tg: str | None = field("comstar_tg", help="Target group (zfs, comstar).")
    no_write_cache: bool | None = field("nowritecache", default=False, help="No write cache on the target (zfs).")
    zfs_base_path: str | None = field("zfs-base-path", help="Where the target finds its devices (zfs).")
    options: OptionMap | None = field(help="Any other parameter of the storage, by its API name.")


async def usage(view: View) -> Mapping[str, Mapping[str, Any]]:
    """Use and size by storage, from the bulk rows; shared storages count once, others are added up."""
    found: dict[str, dict[str, Any]] = {}
    for row in await view.rows("storage"):
        facts = found.setdefault(row["storage"], {"used": 0, "total": 0})
        if not (row.get("shared") and facts["total"]):
            facts["used"] += int(row.get("disk") or 0)
            facts["total"] += int(row.get("maxdisk") or 0)
    return found


async def check(view: View, resource: Resource, live: Live | None) -> None:
    """A new storage needs a type, and only nodes that exist."""
    if live is None and "type" not in resource.fields:
        raise resource.invalid("spec", "a new storage needs a type", "write spec.type, such as dir or nfs")
    await check_nodes(view, resource, live, "nodes")


def _names(live: Live, path: str) -> str:
    value = live.fields.get(path, [])
    return ",".join(value) if isinstance(value, list) else str(value)


async def _touches(
    view: View, live: Live, resource: Resource | None, changes: Sequence[Change], gone: bool
) -> Sequence[Hit]:
    """Guests with volumes on a storage that goes, or that is switched off."""
    off = any(change.path == "disable" and change.new is True for change in changes)
    name = live.key.name
    return await _blast.behind(view, _blast.on_storage(name), f"has disks on {name}") if gone or off else ()


KIND = regular(
    "Storage",
    "storages",
    ("sto",),
    StorageSpec,
    Collection("/storage", "/storage/{storage}", "storage", facts=usage, check=check),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column("CONTENT", lambda live: _names(live, "content")),
        Column("SHARED", lambda live: "yes" if live.fields.get("shared") else "no"),
        Column("USED", lambda live: memory(live.facts.get("used")), right=True),
        Column("TOTAL", lambda live: memory(live.facts.get("total")), right=True),
        Column("NODES", lambda live: _names(live, "nodes") or "all", wide=True),
        Column("ENABLED", lambda live: "no" if live.fields.get("disable") else "yes", wide=True),
    ),
    # Its content stays where it is, and whatever uses it cannot reach it any more. PVE does not ask (facts-objects 7).
    deletion=Impact.REPLACE,
    touches=_touches,
    options_of=("POST", "/storage"),
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: Storage
metadata: { name: backup-nas }
spec:
  type: nfs
  server: 10.0.0.9
  export: /srv/backup
  content: [backup, iso]
""",
)
