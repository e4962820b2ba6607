"""VLAN: an interface of a node in one VLAN of another."""

from __future__ import annotations

from proxmox_mpc.kinds import _interfaces
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Column, Key, Need, Resource
from proxmox_mpc.kinds._regular import regular


class VLANSpec(_interfaces.Addresses):
    """A VLAN. Its name is NODE/INTERFACE, such as pve1/eno1.50, which says both; or pve1/vlan50 with `device`."""

    device: str | None = field("vlan-raw-device", quiet=True, help="Interface that carries it.")
    tag: int | None = field("vlan-id", quiet=True, ge=1, le=4094, help="The VLAN.")


def _needs(resource: Resource) -> list[Need]:
    node, _, iface = resource.key.name.partition("/")
    device = str(resource.fields.get("device") or iface.rpartition(".")[0])
    return [Need(Key(kind, "", f"{node}/{device}"), "device") for kind in ("Bond", "Bridge")]


KIND = regular(
    "VLAN",
    "vlans",
    (),
    VLANSpec,
    _interfaces.collection("vlan", fixed={"type": "vlan"}),
    columns=(Column.name(), Column.of("DEVICE", "device"), Column.of("TAG", "tag"), Column.of("ADDRESS", "cidr")),
    needs=_needs,
    driver=_interfaces.InterfaceDriver,
    ignored=_interfaces.IGNORED,
    stage=_interfaces.stage,
    touches=_interfaces.touches,
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: VLAN
metadata: { name: pve1/eno1.50 }
spec: { cidr: 10.50.0.11/24, autostart: true }
""",
)
