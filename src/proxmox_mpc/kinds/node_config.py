"""NodeConfig: a node's notes and small settings."""

from __future__ import annotations

from proxmox_mpc.kinds import _codec, _cordon
from proxmox_mpc.kinds._collection import each_node
from proxmox_mpc.kinds._field import OptionMap, Part, Prose, field, group
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._settings import Settings, settings


class WakeOnLan(Part):
    """How the node is woken."""

    shorthand = "mac"
    mac: str | None = field(part="mac", codec=_codec.MAC, help="MAC address of its card.")
    interface: str | None = field(part="bind-interface", default="vmbr0", help="Interface that the others send from.")
    broadcast: str | None = field(
        part="broadcast-address", default="255.255.255.255", help="Address that they send to."
    )


class Acme(Part):
    """The node's certificate."""

    account: str | None = field(part="account", default="default", help="The account that orders it.")
    domains: str | None = field(part="domains", help="Domains proven by the web page, with semicolons.")


class NodeConfigSpec(Part):
    """A node's settings. Its name is the node's."""

    description: Prose | None = field("description", help="Notes.")
    wake_on_lan: WakeOnLan | None = group("wakeonlan", default_part="mac", help="How the node is woken.")
    start_delay: int | None = field(
        "startall-onboot-delay", default=0, ge=0, le=300, help="Seconds until guests start with the node."
    )
    ballooning_target: int | None = field(
        "ballooning-target", default=80, ge=0, le=100, help="Percent of memory up to which guests may keep theirs."
    )
    acme: Acme | None = group("acme", help="The node's certificate.")
    options: OptionMap | None = field(help="Any other setting, by its API name: acmedomain0 and so on.")


KIND = settings(
    "NodeConfig",
    "nodeconfigs",
    ("nc",),
    NodeConfigSpec,
    Settings("/nodes/{node}/config", "{node}", each_node, row=_cordon.hidden, beside=_cordon.kept),
    columns=(Column.name(), Column.of("DESCRIPTION", "description")),
    options_of=("PUT", "/nodes/{node}/config"),
    order=47,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeConfig
metadata: { name: pve1 }
spec: { description: In the cellar, wakeOnLan: "00:11:22:33:44:55" }
""",
)
