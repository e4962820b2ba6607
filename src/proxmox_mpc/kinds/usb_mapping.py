"""USBMapping: a name for USB devices of several nodes."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, Texts, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class USBMappingSpec(Part):
    """Devices that are alike. Guests ask for the name, and get the device of the node that they run on."""

    devices: Texts = field(
        "map", help="Devices, each as node=NODE,id=VENDOR:DEVICE, with path=BUS-PORT where it counts."
    )
    comment: str | None = field("description", help="A remark.")


KIND = regular(
    "USBMapping",
    "usbmappings",
    ("usbm",),
    USBMappingSpec,
    Collection(
        "/cluster/mapping/usb",
        "/cluster/mapping/usb/{id}",
        "id",
        comment="description",
        whole=frozenset({"map"}),
    ),
    columns=(
        Column.name(),
        Column.count("DEVICES", "devices"),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"type", "error", "errors"}),
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: USBMapping
metadata: { name: dongle }
spec: { devices: ["node=pve1,id=0529:0001"] }
""",
)
