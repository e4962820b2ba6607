"""Role: a named set of privileges."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class RoleSpec(Part):
    """A role of your own. PVE's built-in ones (PVEVMAdmin, …) are there to be named, not to be declared."""

    privileges: NameList | None = field("privs", help="What it allows, such as VM.Audit or Datastore.AllocateSpace.")


KIND = regular(
    "Role",
    "roles",
    (),
    RoleSpec,
    Collection(
        "/access/roles",
        "/access/roles/{roleid}",
        "roleid",
        # PUT without privileges empties the role (facts-objects.md 7).
        whole=frozenset({"privs"}),
        clear="empty",
    ),
    columns=(
        Column.name(),
        Column.of("PRIVILEGES", "privileges"),
    ),
    ignored=frozenset({"special"}),
    # Those that every cluster has, and nobody can change.
    exported=lambda live: not live.facts.get("special"),
    order=2,
    example="""\
apiVersion: proxmox.io/v1
kind: Role
metadata: { name: Watcher }
spec: { privileges: [VM.Audit, Sys.Audit] }
""",
)
