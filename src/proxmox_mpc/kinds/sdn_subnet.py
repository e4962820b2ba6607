"""SDNSubnet: an address range of a virtual network."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.kinds import _codec, _sdn
from proxmox_mpc.kinds._field import Part, Texts, field
from proxmox_mpc.kinds._kind import Column, Need
from proxmox_mpc.kinds._regular import regular


class SDNSubnetSpec(Part):
    """A subnet. Its name is VNET/RANGE, such as lab1/10.0.0.0/24."""

    gateway: str | None = field("gateway", help="Address of the gateway.")
    snat: bool | None = field("snat", default=False, help="Let guests out behind the node's own address.")
    dhcp_ranges: Texts | None = field(
        "dhcp-range", help="Addresses to hand out, each as start-address=…,end-address=…."
    )
    dhcp_dns: str | None = field("dhcp-dns-server", help="Name server that DHCP tells.")
    dns_prefix: str | None = field("dnszoneprefix", help="Put before the zone's domain.")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """Ranges are shown taken apart."""
    shown = _sdn.as_configured(row)
    ranges = shown.pop("dhcp-range", None) or []
    texts = [part if isinstance(part, str) else _codec.property_string(part) for part in ranges]
    return {**shown, **({"dhcp-range": texts} if texts else {})}


KIND = regular(
    "SDNSubnet",
    "sdnsubnets",
    ("subnet",),
    SDNSubnetSpec,
    _sdn.collection(
        "vnets/{vnet}/subnets",
        "subnet",
        name="{vnet}/{cidr}",
        posted={"cidr": "subnet"},
        fixed={"type": "subnet"},
        scopes=_sdn.each_vnet,
        row=_row,
    ),
    columns=(
        Column.name(),
        Column.of("GATEWAY", "gateway"),
        Column("SNAT", lambda live: live.fields.get("snat", False)),
    ),
    needs=lambda resource: [Need.firm("SDNVNet", resource.key.name.partition("/")[0], "metadata.name")],
    ignored=_sdn.IGNORED | {"id", "mask", "network", "zone", "cidr"},
    stage=_sdn.stage,
    order=16,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNSubnet
metadata: { name: lab1/10.0.0.0/24 }
spec: { gateway: 10.0.0.1, snat: true }
""",
)
