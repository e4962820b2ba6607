"""RealmSyncJob: users and groups of a directory, taken over at set times."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Need, Resource
from proxmox_mpc.kinds._regular import regular


class RealmSyncJobSpec(Part):
    """A synchronization of a realm."""

    realm: str = field("realm", create_only=True, help="The realm.")
    schedule: str = field("schedule", help="When, as a calendar event.")
    enabled: bool | None = field("enabled", default=True, help="Whether it runs.")
    scope: Literal["users", "groups", "both"] = field("scope", help="What is taken over.")
    enable_new: bool | None = field("enable-new", default=True, help="Whether new users may log in.")
    remove_vanished: str | None = field(
        "remove-vanished", default="none", help="What goes with what vanished: acl, entry, properties, with semicolons."
    )
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    return [Need.firm("Realm", resource.fields["realm"], "realm")]


KIND = regular(
    "RealmSyncJob",
    "realmsyncjobs",
    ("rsj",),
    RealmSyncJobSpec,
    Collection(
        "/cluster/jobs/realm-sync",
        "/cluster/jobs/realm-sync/{id}",
        "id",
        make="/cluster/jobs/realm-sync/{id}",
        detailed=True,
        comment="comment",
        # PUT demands the schedule (schema of 9.1 and 8.4).
        whole=frozenset({"schedule"}),
    ),
    columns=(
        Column.name(),
        Column.of("REALM", "realm"),
        Column.of("SCHEDULE", "schedule"),
        Column.on("enabled"),
    ),
    needs=_needs,
    ignored=frozenset({"type", "last-run", "next-run"}),
    order=50,
    example="""\
apiVersion: proxmox.io/v1
kind: RealmSyncJob
metadata: { name: nightly }
spec: { realm: corp, schedule: daily, scope: both }
""",
)
