"""PCIMapping: a name for PCI devices of several nodes."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, Texts, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class PCIMappingSpec(Part):
    """Devices that are alike. Guests ask for the name, and get the device of the node that they run on."""

    devices: Texts = field("map", help="Devices, each as node=NODE,path=0000:01:00.0,id=VENDOR:DEVICE.")
    mediated: bool | None = field("mdev", default=False, help="Hand out mediated devices.")
    live_migration: bool | None = field("live-migration-capable", default=False, help="They survive a live migration.")
    comment: str | None = field("description", help="A remark.")


KIND = regular(
    "PCIMapping",
    "pcimappings",
    ("pcim",),
    PCIMappingSpec,
    Collection(
        "/cluster/mapping/pci",
        "/cluster/mapping/pci/{id}",
        "id",
        comment="description",
        # PUT without the map is refused, although its schema calls it optional (mapping-pci-usb, 9.1).
        whole=frozenset({"map"}),
    ),
    columns=(
        Column.name(),
        Column.count("DEVICES", "devices"),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"type", "checks"}),
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: PCIMapping
metadata: { name: gpu }
spec: { devices: ["node=pve1,path=0000:01:00.0,id=10de:1eb8"] }
""",
)
