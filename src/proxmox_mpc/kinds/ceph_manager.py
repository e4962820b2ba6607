"""CephManager: a daemon that measures and balances Ceph; one works, the others wait."""

from __future__ import annotations

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._field import Part


class CephManagerSpec(Part):
    """A manager. Its name is NODE/ID, such as pve1/pve1. The first monitor brings one with it."""


KIND = _ceph.daemons(
    "CephManager",
    "cephmanagers",
    ("cephmgr",),
    CephManagerSpec,
    "mgr",
    "id",
    order=71,
    example="""\
apiVersion: proxmox.io/v1
kind: CephManager
metadata: { name: pve2/pve2 }
spec: {}
""",
)
