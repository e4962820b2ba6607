"""SDNFabric: a routed network between nodes, on which virtual networks can lie."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _sdn
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class SDNFabricSpec(Part):
    """A fabric; its nodes are declared as SDNFabricNode."""

    protocol: Literal["openfabric", "ospf"] = field("protocol", create_only=True, help="How its nodes find ways.")
    ip_prefix: str | None = field("ip_prefix", help="IPv4 range that the nodes' addresses are in.")
    ip6_prefix: str | None = field("ip6_prefix", help="IPv6 range that the nodes' addresses are in (openfabric).")
    hello_interval: int | None = field(
        "hello_interval", ge=1, le=600, help="Seconds between greetings of neighbours (openfabric)."
    )
    csnp_interval: int | None = field(
        "csnp_interval", ge=1, le=600, help="Seconds between complete lists of what is known (openfabric)."
    )
    area: str | None = field("area", help="Area, as a number or an address (ospf).")


KIND = regular(
    "SDNFabric",
    "sdnfabrics",
    ("fabric",),
    SDNFabricSpec,
    _sdn.collection(
        "fabrics/fabric",
        "id",
        # PUT demands the protocol (schema of 9.1).
        whole=frozenset({"protocol"}),
        instead=lambda resource: "fabrics are there from PVE 9.0 on",
    ),
    columns=(Column.name(), Column.of("PROTOCOL", "protocol"), Column.of("RANGE", "ipPrefix")),
    ignored=_sdn.IGNORED,
    stage=_sdn.stage,
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNFabric
metadata: { name: spine }
spec: { protocol: openfabric, ipPrefix: 10.255.0.0/24 }
""",
)
