"""NetworkInterface: a card with settings of its own, an alias, or a port of Open vSwitch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from proxmox_mpc.kinds import _interfaces
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Row
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Column, Live, Mistake, Resource
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_TYPES = ("eth", "alias", "OVSPort", "OVSIntPort")
# What a card can have of its own. A card without all of it is nothing that anybody declared.
_SETTINGS = frozenset("autostart cidr gateway cidr6 gateway6 mtu comments ovs_tag ovs_options".split())
_DECLARED = frozenset("autostart cidr gateway cidr6 gateway6 mtu comment ovsTag ovsOptions".split())


class NetworkInterfaceSpec(_interfaces.Addresses):
    """An interface. Its name is NODE/INTERFACE, such as pve1/eno1, or pve1/eno1:1 for an alias.

    A card is always there: to delete it takes its settings away.
    """

    type: Literal["eth", "alias", "OVSPort", "OVSIntPort"] | None = field(
        "type", default="eth", create_only=True, help="A card, an alias, a card under Open vSwitch, a port of its own."
    )
    ovs_bridge: str | None = field("ovs_bridge", create_only=True, help="Bridge that it is a port of (Open vSwitch).")
    ovs_tag: int | None = field("ovs_tag", ge=1, le=4094, help="VLAN of what carries no tag (Open vSwitch).")
    ovs_options: str | None = field("ovs_options", help="Other options (Open vSwitch).")


class NetworkInterfaceDriver(_interfaces.InterfaceDriver):
    """Cards are there before they are declared, and afterwards."""

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        is_card = resource.fields.get("type", "eth") in _interfaces.CARDS
        if is_card and not any(resource.fields.get(path) for path in _DECLARED):
            raise resource.invalid("spec", "a card without settings is there anyway", "say something of it")
        return await super().complete(view, resource, live, applied)

    async def create(self, run: Run, resource: Resource) -> Live:
        names = self._names(resource)
        run.view.forget(self._where(names))
        rows = {row["iface"]: row for row in await self._list(run.view, {"node": names["node"]})}
        if (row := rows.get(names["iface"])) is None:
            return await super().create(run, resource)
        params = {**names, "type": row["type"], **self._schema().encode(resource.fields)}
        async with run.lane(self._lane(names)):
            await run.call("PUT", self.collection.item, params, title=f"change {resource.key.name}", makes=names)
        return await self._reread(run, resource)

    async def delete(self, run: Run, live: Live) -> None:
        if (kind := live.facts["type"]) not in _interfaces.CARDS:
            await super().delete(run, live)
            return
        gone = sorted(_SETTINGS & {name for name, value in live.facts.items() if value not in ("", None)})
        params: dict[str, Any] = {**live.identity, "type": kind, "delete": gone}
        async with run.lane(self._lane(live.identity)):
            await run.call("PUT", self.collection.item, params, title=f"reset {live.key.name}")
        run.view.forget(self._where(live.identity))

    def _where(self, names: Mapping[str, Any]) -> str:
        return self.collection.path.replace("{node}", names["node"])


def _is_mine(row: Row) -> bool:
    is_card = row.get("type") in _interfaces.CARDS
    return row.get("type") in _TYPES and (not is_card or any(row.get(name) for name in _SETTINGS))


def _mistakes(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    kind = str(fields.get("type") or "eth")
    yield from _interfaces.of_type(fields, kind.startswith("OVS"), _interfaces.ADDRESSED if kind == "OVSPort" else ())


KIND = regular(
    "NetworkInterface",
    "networkinterfaces",
    ("nic", "nics"),
    NetworkInterfaceSpec,
    _interfaces.collection(demanded={"type": "eth"}, mine=_is_mine),
    columns=(
        Column.name(),
        Column.of("TYPE", "type", "eth"),
        Column.of("ADDRESS", "cidr"),
        Column.of("MTU", "mtu"),
        Column.of("BRIDGE", "ovsBridge", wide=True),
    ),
    driver=NetworkInterfaceDriver,
    needs=_interfaces.bridge_needs,
    mistakes=_mistakes,
    ignored=_interfaces.IGNORED,
    # A bond starts its cards by itself.
    exported=lambda live: (
        live.fields.keys() - {"type", "autostart", "ovsBridge"} != set()
        or live.fields.get("type", "eth") not in _interfaces.CARDS
    ),
    stage=_interfaces.stage,
    touches=_interfaces.touches,
    order=7,
    example="""\
apiVersion: proxmox.io/v1
kind: NetworkInterface
metadata: { name: pve1/eno3 }
spec: { cidr: 10.9.0.11/24, mtu: 9000, autostart: true, comment: Storage }
""",
)
