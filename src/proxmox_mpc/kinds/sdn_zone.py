"""SDNZone: how virtual networks reach from node to node."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _sdn
from proxmox_mpc.kinds._field import Mac, NameList, Part, field
from proxmox_mpc.kinds._kind import Column, Key, Need, Resource
from proxmox_mpc.kinds._regular import regular


class SDNZoneSpec(Part):
    """A zone. Which fields apply depends on its type; PVE refuses the others."""

    type: Literal["evpn", "faucet", "qinq", "simple", "vlan", "vxlan"] = field(
        "type", create_only=True, help="How: isolated per node, by VLANs, or by tunnels."
    )
    nodes: NameList | None = field("nodes", help="Nodes that have it; without it all.")
    mtu: int | None = field("mtu", ge=0, help="Largest packet.")
    bridge: str | None = field("bridge", help="Bridge that carries it (vlan, qinq).")
    tag: int | None = field("tag", ge=0, help="Outer VLAN (qinq).")
    vlan_protocol: Literal["802.1q", "802.1ad"] | None = field(
        "vlan-protocol", default="802.1q", help="How the outer VLAN is marked (qinq)."
    )
    peers: NameList | None = field("peers", help="Addresses of the nodes (vxlan).")
    vxlan_port: int | None = field("vxlan-port", default=4789, help="UDP port (vxlan).")
    fabric: str | None = field("fabric", help="Fabric that finds the peers (vxlan, evpn; 9.x).")
    controller: str | None = field("controller", help="Controller (evpn).")
    vrf_vxlan: int | None = field("vrf-vxlan", help="Tag of the routing table (evpn).")
    mac: Mac | None = field("mac", help="MAC address of the gateways (evpn).")
    exit_nodes: NameList | None = field("exitnodes", help="Nodes that route to the outside (evpn).")
    primary_exit_node: str | None = field("exitnodes-primary", help="The first of them (evpn).")
    local_routing: bool | None = field("exitnodes-local-routing", help="Let exit nodes reach the guests (evpn).")
    advertise_subnets: bool | None = field("advertise-subnets", help="Announce whole subnets (evpn).")
    disable_arp_suppression: bool | None = field("disable-arp-nd-suppression", help="Send ARP and ND on (evpn).")
    route_import: str | None = field("rt-import", help="Route targets that are taken in (evpn).")
    disable_mac_learning: bool | None = field("bridge-disable-mac-learning", help="Bridges do not learn addresses.")
    dhcp: Literal["dnsmasq"] | None = field("dhcp", help="Serve addresses (simple).")
    ipam: str | None = field("ipam", default="pve", help="Address book.")
    dns: str | None = field("dns", help="Name server that learns the guests' names.")
    reverse_dns: str | None = field("reversedns", help="Name server for the way back.")
    dns_zone: str | None = field("dnszone", help="Domain of the guests.")
    dp_id: int | None = field("dp-id", help="Data path (faucet).")


def _needs(resource: Resource) -> list[Need]:
    named = {"controller": "SDNController", "ipam": "SDNIPAM", "dns": "SDNDNS", "reverseDns": "SDNDNS"}
    found = [Need.firm(kind, resource.fields[p], p) for p, kind in named.items() if p in resource.fields]
    loose = {"bridge": "Bridge", "fabric": "SDNFabric"}
    return [*found, *(Need(Key(loose[p], "", str(resource.fields[p])), p) for p in loose if p in resource.fields)]


KIND = regular(
    "SDNZone",
    "sdnzones",
    ("zone",),
    SDNZoneSpec,
    _sdn.collection("zones", "zone"),
    columns=(Column.name(), Column.of("TYPE", "type"), Column.of("NODES", "nodes"), Column.of("MTU", "mtu")),
    needs=_needs,
    ignored=_sdn.IGNORED,
    stage=_sdn.stage,
    order=12,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNZone
metadata: { name: lab }
spec: { type: simple, ipam: pve }
""",
)
