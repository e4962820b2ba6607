"""NodeHosts: the hosts file of a node."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import each_node
from proxmox_mpc.kinds._field import Part, Prose, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._settings import Settings, settings


class NodeHostsSpec(Part):
    """A node's /etc/hosts, as a whole. Its name is the node's; a node that no longer finds itself cannot work."""

    content: Prose | None = field("data", help="The file.")


KIND = settings(
    "NodeHosts",
    "nodehosts",
    (),
    NodeHostsSpec,
    # There is no way to unset it: what was written stays.
    Settings("/nodes/{node}/hosts", "{node}", each_node, clear="omit", verb="POST"),
    columns=(
        Column.name(),
        Column("LINES", lambda live: str(live.fields.get("content", "")).count("\n") + 1, right=True),
    ),
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeHosts
metadata: { name: pve1 }
spec:
  content: |
    127.0.0.1 localhost
    10.0.0.11 pve1.example.org pve1
""",
)
