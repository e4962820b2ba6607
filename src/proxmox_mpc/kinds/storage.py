"""Storage: a storage definition of the cluster, of any type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Codec
from proxmox_mpc.kinds._collection import Collection, regular
from proxmox_mpc.kinds._field import Impact, NameList, OptionMap, Part, field
from proxmox_mpc.kinds._guest_columns import memory
from proxmox_mpc.kinds._kind import Column, Live, Resource, View

# What PVE fixes at creation (facts-objects.md 7): another value means a new definition; the data stays where it is.
FIXED = Impact.REPLACE
PROPERTIES = Codec("property string", _codec.option_text, str)


class StorageSpec(Part):
    """A storage. Which fields apply depends on its type; PVE refuses the others."""

    type: str | None = field("type", impact=FIXED, help="Type, such as dir, nfs, lvmthin, zfspool, rbd, pbs.")
    content: NameList | None = field("content", help="What it may hold, such as images, iso, backup.")
    nodes: NameList | None = field("nodes", help="Nodes that have it; without it all.")
    disable: bool | None = field("disable", default=False, help="Turn it off without removing it.")
    shared: bool | None = field("shared", default=False, help="Whether all nodes see the same content.")
    path: str | None = field("path", impact=FIXED, help="Directory (dir, btrfs).")
    server: str | None = field("server", impact=FIXED, help="Server (nfs, cifs, pbs, esxi).")
    export: str | None = field("export", impact=FIXED, help="Exported path (nfs).")
    share: str | None = field("share", impact=FIXED, help="Share (cifs).")
    datastore: str | None = field("datastore", impact=FIXED, help="Datastore (pbs).")
    backup_namespace: str | None = field("namespace", help="Namespace in the datastore (pbs).")
    fingerprint: str | None = field("fingerprint", help="SHA-256 fingerprint of the server (pbs).")
    username: str | None = field("username", help="User (cifs, pbs, rbd).")
    password: str | None = field("password", secret=True, help="Password (cifs, pbs).")
    encryption_key: str | None = field("encryption-key", secret=True, help="Encryption key, or autogen (pbs).")
    keyring: str | None = field("keyring", secret=True, help="Keyring of an external cluster (rbd, cephfs).")
    domain: str | None = field("domain", help="Domain (cifs).")
    pool: str | None = field("pool", impact=FIXED, help="Pool (zfspool, rbd).")
    monhost: str | None = field("monhost", help="Monitors of an external cluster (rbd, cephfs).")
    krbd: bool | None = field("krbd", default=False, help="Use the kernel driver (rbd).")
    vgname: str | None = field("vgname", impact=FIXED, help="Volume group (lvm, lvmthin).")
    thinpool: str | None = field("thinpool", impact=FIXED, help="Thin pool (lvmthin).")
    portal: str | None = field("portal", impact=FIXED, help="Portal (iscsi).")
    target: str | None = field("target", impact=FIXED, help="Target (iscsi).")
    sparse: bool | None = field("sparse", default=False, help="Thin volumes (zfspool).")
    blocksize: str | None = field("blocksize", help="Block size (zfspool).")
    preallocation: Literal["off", "metadata", "falloc", "full"] | None = field(
        "preallocation", default="metadata", help="How new raw and qcow2 images are allocated."
    )
    prune_backups: str | None = field("prune-backups", codec=PROPERTIES, help="Which backups are kept, as keep-last=3.")
    mount_options: str | None = field("options", help="Mount options (nfs, cifs).")
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
    known = {row["node"] for row in await view.rows("node")}
    nodes = resource.fields.get("nodes", [])
    assert isinstance(nodes, list)
    if unknown := sorted(set(nodes) - known):
        raise resource.invalid("spec.nodes", f"there is no node {unknown[0]!r}", f"nodes: {', '.join(sorted(known))}")


def _names(live: Live, path: str) -> str:
    value = live.fields.get(path, [])
    return ",".join(value) if isinstance(value, list) else str(value)


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
