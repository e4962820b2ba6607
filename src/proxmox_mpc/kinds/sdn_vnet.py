"""SDNVNet: a virtual network that guests plug into as into a bridge."""

from __future__ import annotations

from collections.abc import Sequence

from proxmox_mpc.kinds import _blast, _sdn
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Change, Column, Hit, Live, Need, Resource
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._view import View


class SDNVNetSpec(Part):
    """A virtual network of a zone."""

    zone: str = field("zone", help="The zone.")
    alias: str | None = field("alias", help="A longer name.")
    tag: int | None = field("tag", ge=1, le=16_777_215, help="VLAN or VXLAN tag.")
    vlan_aware: bool | None = field("vlanaware", default=False, help="Let guests use VLANs in it.")
    isolate_ports: bool | None = field("isolate-ports", default=False, help="Keep guests from each other.")


async def _touches(
    view: View, live: Live, resource: Resource | None, changes: Sequence[Change], gone: bool
) -> Sequence[Hit]:
    name = live.key.name
    how = f"loses virtual network {name}" if gone else f"virtual network {name} is reloaded under it"
    return await _blast.behind(view, _blast.on_bridges([name]), how)


KIND = regular(
    "SDNVNet",
    "sdnvnets",
    ("vnet",),
    SDNVNetSpec,
    _sdn.collection("vnets", "vnet"),
    columns=(Column.name(), Column.of("ZONE", "zone"), Column.of("TAG", "tag"), Column.of("ALIAS", "alias")),
    needs=lambda resource: [Need.firm("SDNZone", resource.fields["zone"], "zone")],
    ignored=_sdn.IGNORED | {"type"},
    stage=_sdn.stage,
    touches=_touches,
    order=14,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNVNet
metadata: { name: lab1 }
spec: { zone: lab, alias: For trying things }
""",
)
