"""NodeDNS: the name servers of a node."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import each_node
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._settings import Settings, settings


class NodeDNSSpec(Part):
    """A node's name servers. Its name is the node's."""

    search: str | None = field("search", help="Domain that short names are looked up in; PVE wants one.")
    server1: str | None = field("dns1", help="First name server.")
    server2: str | None = field("dns2", help="Second name server.")
    server3: str | None = field("dns3", help="Third name server.")


KIND = settings(
    "NodeDNS",
    "nodedns",
    (),
    NodeDNSSpec,
    # What is not sent is removed (facts-objects.md 7).
    Settings("/nodes/{node}/dns", "{node}", each_node, whole=frozenset("*"), clear="omit", kept=frozenset({"search"})),
    columns=(Column.name(), Column.of("SEARCH", "search"), Column.of("SERVER", "server1")),
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeDNS
metadata: { name: pve1 }
spec: { search: example.org, server1: 10.0.0.1 }
""",
)
