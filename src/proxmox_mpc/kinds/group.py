"""Group: users that get permissions together."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class GroupSpec(Part):
    """A group of users. Users name the groups that they are in."""

    comment: str | None = field("comment", help="A remark.")


KIND = regular(
    "Group",
    "groups",
    ("grp",),
    GroupSpec,
    Collection("/access/groups", "/access/groups/{groupid}", "groupid", clear="empty", comment="comment"),
    columns=(
        Column.name(),
        Column("USERS", lambda live: live.facts.get("users", "")),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"users", "members"}),
    order=4,
    example="""\
apiVersion: proxmox.io/v1
kind: Group
metadata: { name: operators }
spec: { comment: On call }
""",
)
