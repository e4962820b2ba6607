"""SDNController: who tells routers about virtual networks."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _sdn
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column, Key, Need, Resource
from proxmox_mpc.kinds._regular import regular


class SDNControllerSpec(Part):
    """A controller. Which fields apply depends on its type; PVE refuses the others."""

    type: Literal["bgp", "evpn", "faucet", "isis"] = field("type", create_only=True, help="Its protocol.")
    asn: int | None = field("asn", ge=0, help="Autonomous system (bgp, evpn).")
    peers: NameList | None = field("peers", help="Addresses of the others (bgp, evpn).")
    fabric: str | None = field("fabric", help="Fabric that finds the peers (evpn; 9.x).")
    node: str | None = field("node", help="The node (bgp, isis).")
    ebgp: bool | None = field("ebgp", default=False, help="Peers are another system (bgp).")
    ebgp_multihop: int | None = field("ebgp-multihop", help="Hops to them (bgp).")
    multipath_relax: bool | None = field("bgp-multipath-as-path-relax", default=False, help="Use several paths (bgp).")
    loopback: str | None = field("loopback", help="Interface that carries the node's address (bgp, isis).")
    isis_domain: str | None = field("isis-domain", help="Domain (isis).")
    isis_interfaces: NameList | None = field("isis-ifaces", help="Interfaces (isis).")
    isis_net: str | None = field("isis-net", help="Network title (isis).")


def _needs(resource: Resource) -> list[Need]:
    fabric = resource.fields.get("fabric")
    return [Need(Key("SDNFabric", "", str(fabric)), "fabric")] if fabric else []


KIND = regular(
    "SDNController",
    "sdncontrollers",
    ("sdnc",),
    SDNControllerSpec,
    _sdn.collection("controllers", "controller"),
    columns=(Column.name(), Column.of("TYPE", "type"), Column.of("ASN", "asn"), Column.of("PEERS", "peers")),
    needs=_needs,
    ignored=_sdn.IGNORED,
    stage=_sdn.stage,
    order=11,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNController
metadata: { name: fabric }
spec: { type: evpn, asn: 65000, peers: [10.0.0.11, 10.0.0.12] }
""",
)
