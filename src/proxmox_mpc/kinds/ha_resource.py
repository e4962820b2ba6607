"""HAResource: a guest that high availability keeps running."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Key, Live, Need, Resource
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._rewrite import rewritten
from proxmox_mpc.kinds._view import View


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
    kind, _, vmid = resource.key.name.partition(":")
    among = ("Container",) if kind == "ct" else ("VirtualMachine",)
    guest = Need(Key("Guest", "", vmid), "metadata.name", among=among)
    return [guest, *([Need.firm("HAGroup", group, "group")] if group else [])]


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    """9.x knows the parameter, and refuses every value (facts-objects.md 7)."""
    group = resource.fields.get("group")
    if group is not None and (await view.pve.version()).major >= 9:
        rule = {"type": "node-affinity", "nodes": [f"the nodes of {group}"], "resources": [resource.key.name]}
        hint = f"take group out, and declare a rule:\n{rewritten('HARule', str(group), rule)}"
        raise resource.invalid("spec.group", "PVE 9 has rules instead of groups", hint)


KIND = regular(
    "HAResource",
    "haresources",
    ("har",),
    HAResourceSpec,
    Collection("/cluster/ha/resources", "/cluster/ha/resources/{sid}", "sid", comment="comment", check=_check),
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
