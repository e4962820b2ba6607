"""CephMonitor: a daemon that knows where Ceph's data is; most of them must run."""

from __future__ import annotations

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._field import NameList, Part, field


class CephMonitorSpec(Part):
    """A monitor. Its name is NODE/ID, such as pve1/pve1: in the web interface, it has the name of its node.

    The last one stays when it is deleted: Ceph as a whole is taken away on a node (pveceph purge).
    """

    address: NameList | None = field(
        "mon-address", create_only=True, help="Its addresses; without it the node's in Ceph's public network."
    )


KIND = _ceph.daemons(
    "CephMonitor",
    "cephmonitors",
    ("cephmon",),
    CephMonitorSpec,
    "mon",
    "monid",
    order=70,
    example="""\
apiVersion: proxmox.io/v1
kind: CephMonitor
metadata: { name: pve1/pve1 }
spec: {}
""",
)
