"""ReplicationJob: copies of a guest's volumes on another node."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Key, Live, Need, Resource
from proxmox_mpc.kinds._nodes import check_nodes
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._view import View


class ReplicationJobSpec(Part):
    """A replication job. Its name is VMID-NUMBER, such as 100-0."""

    target: str | None = field("target", create_only=True, help="Node that gets the copy.")
    schedule: str | None = field("schedule", default="*/15", help="When, as a calendar event.")
    rate: float | None = field("rate", ge=1, help="Limit in MB per second.")
    disabled: bool | None = field("disable", default=False, help="Keep the job, but do not run it.")
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    guest = Key("Guest", "", resource.key.name.partition("-")[0])
    return [Need(guest, "metadata.name", among=("VirtualMachine", "Container"))]


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    await check_nodes(view, resource, live, "target")


KIND = regular(
    "ReplicationJob",
    "replicationjobs",
    ("rj",),
    ReplicationJobSpec,
    Collection(
        "/cluster/replication",
        "/cluster/replication/{id}",
        "id",
        fixed={"type": "local"},
        comment="comment",
        check=_check,
    ),
    columns=(
        Column.name(),
        Column.of("TARGET", "target"),
        Column.of("SCHEDULE", "schedule", "*/15"),
        Column.on("disabled", inverted=True),
    ),
    needs=_needs,
    ignored=frozenset({"guest", "jobnum", "source", "remove_job"}),
    order=50,
    example="""\
apiVersion: proxmox.io/v1
kind: ReplicationJob
metadata: { name: 100-0 }
spec: { target: pve2, schedule: "*/30" }
""",
)
