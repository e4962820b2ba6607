"""NotificationMatcher: which notifications go where."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Names, Part, Texts, field
from proxmox_mpc.kinds._kind import Column, Need, Resource
from proxmox_mpc.kinds._regular import regular


class NotificationMatcherSpec(Part):
    """A matcher. Without conditions it matches everything."""

    targets: Names | None = field("target", help="Endpoints that get what matches.")
    mode: Literal["all", "any"] | None = field("mode", default="all", help="Whether all conditions must hold.")
    invert: bool | None = field("invert-match", default=False, help="Match what the conditions do not hold for.")
    fields: Texts | None = field("match-field", help="Conditions, as exact:type=vzdump or regex:hostname=^pve.")
    severities: Texts | None = field("match-severity", help="Severities, such as error,warning.")
    times: Texts | None = field("match-calendar", help="Times, such as mon..fri 8-17.")
    disabled: bool | None = field("disable", default=False, help="Match nothing.")
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    named = resource.fields.get("targets")
    found = named if isinstance(named, list) else []
    return [Need.firm("NotificationEndpoint", name, "targets") for name in found]


KIND = regular(
    "NotificationMatcher",
    "notificationmatchers",
    ("nm",),
    NotificationMatcherSpec,
    Collection(
        "/cluster/notifications/matchers",
        "/cluster/notifications/matchers/{name}",
        "name",
        detailed=True,
        comment="comment",
    ),
    columns=(
        Column.name(),
        Column.of("TARGETS", "targets"),
        Column.on("disabled", inverted=True),
        Column.of("COMMENT", "comment"),
    ),
    needs=_needs,
    ignored=frozenset({"origin"}),
    exported=lambda live: live.facts.get("origin") != "builtin",
    order=46,
    example="""\
apiVersion: proxmox.io/v1
kind: NotificationMatcher
metadata: { name: failed-backups }
spec: { targets: [on-call], fields: ["exact:type=vzdump"], severities: [error] }
""",
)
