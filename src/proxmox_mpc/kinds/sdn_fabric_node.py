"""SDNFabricNode: a node's part in a fabric."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _sdn
from proxmox_mpc.kinds._field import Part, Texts, field
from proxmox_mpc.kinds._kind import Column, Need
from proxmox_mpc.kinds._regular import regular


class SDNFabricNodeSpec(Part):
    """A node of a fabric. Its name is FABRIC/NODE, such as spine/pve1."""

    protocol: Literal["openfabric", "ospf"] = field("protocol", create_only=True, help="The protocol of its fabric.")
    ip: str | None = field("ip", help="Its IPv4 address in the fabric.")
    ip6: str | None = field("ip6", help="Its IPv6 address in the fabric (openfabric).")
    interfaces: Texts | None = field(
        "interfaces", help="Interfaces to its neighbours, each as name=NAME, with ip=, ip6=, hello_multiplier=."
    )


KIND = regular(
    "SDNFabricNode",
    "sdnfabricnodes",
    ("fabricnode",),
    SDNFabricNodeSpec,
    _sdn.collection(
        "fabrics/node",
        "node_id",
        item="/cluster/sdn/fabrics/node/{fabric_id}/{node_id}",
        make="/cluster/sdn/fabrics/node/{fabric_id}",
        name="{fabric_id}/{node_id}",
        whole=frozenset({"protocol"}),
        instead=lambda resource: "fabrics are there from PVE 9.0 on",
    ),
    columns=(Column.name(), Column.of("IP", "ip"), Column.of("INTERFACES", "interfaces")),
    needs=lambda resource: [Need.firm("SDNFabric", resource.key.name.partition("/")[0], "metadata.name")],
    ignored=_sdn.IGNORED,
    stage=_sdn.stage,
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNFabricNode
metadata: { name: spine/pve1 }
spec: { protocol: openfabric, ip: 10.255.0.1, interfaces: ["name=ens19", "name=ens20"] }
""",
)
