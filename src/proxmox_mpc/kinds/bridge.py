"""Bridge: what guests of a node plug into."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _codec, _interfaces
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Column, Key, Live, Need, Resource
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._view import View


class BridgeSpec(_interfaces.Addresses):
    """A bridge. Its name is NODE/INTERFACE, such as pve1/vmbr1."""

    type: Literal["bridge", "OVSBridge"] | None = field(
        "type", default="bridge", create_only=True, help="Of the kernel, or of Open vSwitch."
    )
    ports: list[str] | None = field("bridge_ports", codec=_codec.WORDS, help="Interfaces in it.")
    vlan_aware: bool | None = field("bridge_vlan_aware", default=False, help="Let guests use VLANs in it.")
    vids: str | None = field("bridge_vids", default="2-4094", help="Which ones.")
    ovs_ports: list[str] | None = field(
        "ovs_ports", codec=_codec.WORDS, help="Cards in it (Open vSwitch); bonds and ports name the bridge themselves."
    )
    ovs_options: str | None = field("ovs_options", help="Other options (Open vSwitch).")


def _needs(resource: Resource) -> list[Need]:
    node = resource.key.name.partition("/")[0]
    ports = resource.fields.get("ports")
    named = ports if isinstance(ports, list) else []
    kinds = ("NetworkInterface", "Bond", "VLAN")
    return [Need(Key(kind, "", f"{node}/{port}"), "ports") for port in named for kind in kinds]


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    if "vids" in resource.fields and resource.fields.get("vlanAware") is not True:
        raise resource.invalid("spec.vids", "only a bridge with vlanAware has VLANs", "add vlanAware: true")


def _provides(resource: Resource) -> tuple[Key, ...]:
    """Guests name a bridge without its node."""
    return (resource.key, Key("Bridge", "", resource.key.name.partition("/")[2]))


KIND = regular(
    "Bridge",
    "bridges",
    ("br",),
    BridgeSpec,
    # The type is sent even where nobody wrote it: POST and PUT demand it.
    _interfaces.collection("bridge", "OVSBridge", demanded={"type": "bridge"}, check=_check),
    columns=(Column.name(), Column.of("ADDRESS", "cidr"), Column.of("PORTS", "ports"), Column.of("COMMENT", "comment")),
    needs=_needs,
    provides=_provides,
    driver=_interfaces.InterfaceDriver,
    ignored=_interfaces.IGNORED,
    stage=_interfaces.stage,
    touches=_interfaces.touches,
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: Bridge
metadata: { name: pve1/vmbr1 }
spec: { ports: [eno2], autostart: true, vlanAware: true }
""",
)
