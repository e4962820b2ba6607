"""CephFS: a file system in Ceph, in two pools of its own."""

from __future__ import annotations

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Need
from proxmox_mpc.kinds._regular import regular


class CephFSSpec(Part):
    """A file system. What it is made with is not compared later: its pools may grow."""

    pg_num: int | None = field(
        "pg_num", hint=True, default=128, ge=8, le=32768, help="Placement groups of its data at the beginning."
    )
    add_storage: bool | None = field("add-storage", hint=True, default=False, help="Make a storage of it, too.")


KIND = regular(
    "CephFS",
    "cephfs",
    (),
    CephFSSpec,
    _ceph.collection("fs", "name", make="/nodes/{node}/ceph/fs/{name}", row=lambda row: {}),
    driver=_ceph.CephDriver,
    columns=(
        Column.name(),
        Column("DATA", lambda live: live.facts.get("data_pool", "")),
        Column("METADATA", lambda live: live.facts.get("metadata_pool", "")),
    ),
    undeletable="PVE's API cannot delete a CephFS (on a node: pveceph fs destroy NAME)",
    needs=lambda resource: [Need(_ceph.RUNNING, "metadata.name")],
    order=75,
    example="""\
apiVersion: proxmox.io/v1
kind: CephFS
metadata: { name: cephfs }
spec: { addStorage: true }
""",
)
