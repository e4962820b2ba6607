"""Pool: a set of guests and storages, and the place that a namespace has on the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds._collection import Collection, regular
from proxmox_mpc.kinds._field import Part, Prose, field
from proxmox_mpc.kinds._kind import Column, View


class PoolSpec(Part):
    """A resource pool. Guests join it by their namespace."""

    comment: Prose | None = field("comment", help="A remark.")


async def members(view: View) -> Mapping[str, Mapping[str, Any]]:
    """How many guests each pool has, from the bulk rows."""
    counts: dict[str, dict[str, Any]] = {}
    for row in await view.rows("qemu", "lxc"):
        if pool := row.get("pool"):
            facts = counts.setdefault(pool, {"guests": 0})
            facts["guests"] += 1
    return counts


KIND = regular(
    "Pool",
    "pools",
    ("po",),
    PoolSpec,
    # The item's own path takes no nested pools (`a/b`), the collection with `poolid` does (9.1 and 8.4).
    Collection("/pools", "/pools", "poolid", clear="empty", comment="comment", facts=members),
    columns=(
        Column.name(),
        Column("GUESTS", lambda live: live.facts.get("guests", 0), right=True),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"members"}),
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: production }
spec: { comment: What customers see }
""",
)
