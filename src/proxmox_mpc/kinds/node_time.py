"""NodeTime: the time zone of a node."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import each_node
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._settings import Settings, settings


class NodeTimeSpec(Part):
    """A node's time zone. Its name is the node's."""

    zone: str | None = field("timezone", default="Etc/UTC", help="IANA name, such as Europe/Vienna.")


KIND = settings(
    "NodeTime",
    "nodetimes",
    (),
    NodeTimeSpec,
    Settings("/nodes/{node}/time", "{node}", each_node, clear="omit"),
    columns=(Column.name(), Column.of("ZONE", "zone")),
    ignored=frozenset({"time", "localtime"}),
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeTime
metadata: { name: pve1 }
spec: { zone: Europe/Vienna }
""",
)
