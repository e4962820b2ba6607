"""HAGroup: the nodes that guests under high availability may run on (PVE 8)."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column, Live, Resource
from proxmox_mpc.kinds._nodes import check_nodes
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._rewrite import rewritten
from proxmox_mpc.kinds._view import View


class HAGroupSpec(Part):
    """A group of nodes."""

    nodes: NameList | None = field("nodes", help="Nodes, each as NODE or NODE:PRIORITY.")
    restricted: bool | None = field("restricted", default=False, help="Only these nodes, even when none is there.")
    no_failback: bool | None = field("nofailback", default=False, help="Do not move back to a better node.")
    comment: str | None = field("comment", help="A remark.")


def _as_rule(resource: Resource) -> str:
    fields = resource.fields
    rule = {
        "type": "node-affinity",
        "nodes": fields.get("nodes"),
        "strict": fields.get("restricted"),
        "resources": [f"the names of the HAResources with group {resource.key.name}"],
    }
    return f"declare a rule instead:\n{rewritten('HARule', resource.key.name, rule)}"


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    await check_nodes(view, resource, live, "nodes")


KIND = regular(
    "HAGroup",
    "hagroups",
    ("hag",),
    HAGroupSpec,
    Collection(
        "/cluster/ha/groups",
        "/cluster/ha/groups/{group}",
        "group",
        comment="comment",
        # 9.x knows the path, and refuses every call (facts-objects.md 7).
        until=9,
        instead=_as_rule,
        check=_check,
    ),
    columns=(
        Column.name(),
        Column.of("NODES", "nodes"),
        Column("RESTRICTED", lambda live: "yes" if live.fields.get("restricted") else "no"),
    ),
    ignored=frozenset({"type"}),
    order=55,
    example="""\
apiVersion: proxmox.io/v1
kind: HAGroup
metadata: { name: left }
spec: { nodes: ["pve1:2", pve2], restricted: true }
""",
)
