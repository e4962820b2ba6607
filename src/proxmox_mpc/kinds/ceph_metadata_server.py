"""CephMetadataServer: a daemon that knows the names of the files in a CephFS."""

from __future__ import annotations

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._field import Part, field


class CephMetadataServerSpec(Part):
    """A metadata server. Its name is NODE/ID, such as pve1/pve1."""

    hot_standby: bool | None = field(
        "hotstandby", default=False, create_only=True, help="Follow a working one closely, to take over faster."
    )


KIND = _ceph.daemons(
    "CephMetadataServer",
    "cephmetadataservers",
    ("cephmds",),
    CephMetadataServerSpec,
    "mds",
    "name",
    order=72,
    example="""\
apiVersion: proxmox.io/v1
kind: CephMetadataServer
metadata: { name: pve1/pve1 }
spec: { hotStandby: true }
""",
)
