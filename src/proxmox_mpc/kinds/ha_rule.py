"""HARule: where guests under high availability run, and which of them together or apart (PVE 9)."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column, Live, Need, Resource
from proxmox_mpc.kinds._nodes import check_nodes
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._rewrite import rewritten
from proxmox_mpc.kinds._view import View


class HARuleSpec(Part):
    """A rule. With node-affinity it names nodes, with resource-affinity whether the guests attract each other."""

    type: Literal["node-affinity", "resource-affinity"] = field("type", create_only=True, help="What it rules.")
    resources: NameList = field("resources", help="Guests that it holds for, as vm:VMID or ct:VMID.")
    nodes: NameList | None = field("nodes", help="Nodes, each as NODE or NODE:PRIORITY (node-affinity).")
    strict: bool | None = field("strict", default=False, help="Only these nodes, even when none is there.")
    affinity: Literal["positive", "negative"] | None = field("affinity", help="Together or apart (resource-affinity).")
    disabled: bool | None = field("disable", default=False, help="Keep the rule, but do not follow it.")
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    named = resource.fields.get("resources")
    return [Need.firm("HAResource", sid, "resources") for sid in named] if isinstance(named, list) else []


def _as_group(resource: Resource) -> str:
    fields, name = resource.fields, resource.key.name
    if fields["type"] != "node-affinity":
        return "PVE 8 cannot keep guests together or apart; groups only say on which nodes they run"
    sids = fields["resources"]
    assert isinstance(sids, list)
    group = rewritten("HAGroup", name, {"nodes": fields.get("nodes"), "restricted": fields.get("strict")})
    return f"declare a group instead, and write group: {name} for {', '.join(sids)}:\n{group}"


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    await check_nodes(view, resource, live, "nodes")


KIND = regular(
    "HARule",
    "harules",
    ("harl",),
    HARuleSpec,
    Collection(
        "/cluster/ha/rules",
        "/cluster/ha/rules/{rule}",
        "rule",
        comment="comment",
        # PUT demands the type (facts-objects.md 7).
        whole=frozenset({"type"}),
        instead=_as_group,
        check=_check,
    ),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column.of("RESOURCES", "resources"),
        Column.on("disabled", inverted=True),
    ),
    needs=_needs,
    ignored=frozenset({"order", "errors"}),
    order=65,
    example="""\
apiVersion: proxmox.io/v1
kind: HARule
metadata: { name: databases-apart }
spec: { type: resource-affinity, affinity: negative, resources: ["vm:100", "vm:101"] }
""",
)
