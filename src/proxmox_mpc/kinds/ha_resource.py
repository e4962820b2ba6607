"""HAResource: a guest that high availability keeps running."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection, regular
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Key, Need, Resource


class HAResourceSpec(Part):
    """A guest under high availability. Its name is `vm:VMID` or `ct:VMID`."""

    state: Literal["started", "stopped", "disabled", "ignored"] | None = field(
        "state", default="started", help="What the manager keeps it in."
    )
    max_restart: int | None = field("max_restart", default=1, ge=0, help="Tries to start it again on its node.")
    max_relocate: int | None = field("max_relocate", default=1, ge=0, help="Nodes to try after that.")
    failback: bool | None = field("failback", default=True, help="Move it back to a node of higher priority (9.x).")
    group: str | None = field("group", help="HA group (8.x; 9.x has rules).")
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    group = resource.fields.get("group")
    guest = Need(Key("Guest", "", resource.key.name.partition(":")[2]), "metadata.name")
    return [guest, *([Need(Key("HAGroup", "", str(group)), "group")] if group else [])]


KIND = regular(
    "HAResource",
    "haresources",
    ("har",),
    HAResourceSpec,
    Collection("/cluster/ha/resources", "/cluster/ha/resources/{sid}", "sid", comment="comment"),
    columns=(
        Column.name(),
        Column.of("STATE", "state", "started"),
        Column.of("GROUP", "group", wide=True),
        Column.of("COMMENT", "comment"),
    ),
    needs=_needs,
    ignored=frozenset({"type"}),
    order=60,
    example="""\
apiVersion: proxmox.io/v1
kind: HAResource
metadata: { name: "vm:100" }
spec: { state: started, maxRestart: 2 }
""",
)
