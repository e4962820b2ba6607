"""Team: a kind that the product does not have. It is kept as a group of users, so that a cluster can hold it."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class TeamSpec(Part):
    """A team."""

    motto: str | None = field("comment", help="What it says of itself.")


KIND = regular(
    "Team",
    "teams",
    ("tm",),
    TeamSpec,
    Collection("/access/groups", "/access/groups/{groupid}", "groupid", clear="empty"),
    columns=(Column.name(), Column.of("MOTTO", "motto")),
    ignored=frozenset({"users", "members"}),
    example="""\
apiVersion: proxmox.io/v1
kind: Team
metadata: { name: red }
spec: { motto: First }
""",
)
