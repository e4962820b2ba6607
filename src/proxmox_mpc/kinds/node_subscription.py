"""NodeSubscription: the key by which a node gets packages for customers, and support."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import each_node
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Live, Resource
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._settings import Settings, SettingsDriver, settings
from proxmox_mpc.kinds._view import View

_PATH = "/nodes/{node}/subscription"


class NodeSubscriptionSpec(Part):
    """A node's subscription. Its name is the node's."""

    key: str | None = field(
        "key",
        secret=True,
        echoed=True,
        pattern=r"^pve[1248][cbsp]-[0-9a-f]{10}$",
        help="The key, such as pve1c-0123456789.",
    )


class SubscriptionDriver(SettingsDriver):
    """A key is not reset but deleted."""

    async def delete(self, run: Run, live: Live) -> None:
        await run.call("DELETE", _PATH, live.identity, title=f"delete the key of {live.key.name}")


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    if "key" not in {**resource.secrets, **resource.unknown}:
        raise resource.invalid("spec.key", "a subscription is its key", "write it, or delete the NodeSubscription")


KIND = settings(
    "NodeSubscription",
    "nodesubscriptions",
    ("subscription",),
    NodeSubscriptionSpec,
    Settings(_PATH, "{node}", each_node, check=_check),
    driver=SubscriptionDriver,
    columns=(
        Column.name(),
        Column("STATUS", lambda live: live.facts["status"]),
        Column("LEVEL", lambda live: live.facts.get("level", "")),
        Column("UNTIL", lambda live: live.facts.get("nextduedate", "")),
    ),
    ignored=frozenset(
        "checktime level message nextduedate productname regdate serverid signature sockets status url".split()
    ),
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeSubscription
metadata: { name: pve1 }
spec: { key: pve1c-0123456789 }
""",
)
