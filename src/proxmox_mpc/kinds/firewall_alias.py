"""FirewallAlias: a name for an address, in the cluster's firewall or a guest's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds import _field
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._firewall import FirewallDriver, Place, place_needs
from proxmox_mpc.kinds._kind import Column, Kind, Live
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View


class FirewallAliasSpec(_field.Part):
    """An alias. Rules name it instead of the address."""

    cidr: str = field("cidr", help="Address or network.")
    comment: str | None = field("comment", help="A remark.")


class AliasPart:
    kinds = ("cluster", "guest")
    is_always_there = False
    writes = (Write("POST", "/aliases", {"name": NAME}), Write("PUT", "/aliases/{name}"))

    async def _all(self, view: View, place: Place) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await view.pve.get(f"{place.path}/aliases", place.variables)
        return found

    async def names(self, view: View, place: Place) -> list[str]:
        return [row["name"] for row in await self._all(view, place)]

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any] | None:
        # Aliases are found without regard to case.
        row = next((row for row in await self._all(view, place) if row["name"].lower() == own.lower()), None)
        return {k: v for k, v in row.items() if k in ("cidr", "comment", "digest")} if row else None

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None:
        made = {"place": place.identity, "name": own}
        sent = {**place.variables, "name": own, **params}
        await run.call("POST", f"{place.path}/aliases", sent, title=f"create alias {own}", makes=made)

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """What is not sent vanishes (facts-objects.md 7), so all is sent."""
        sent = {**place.variables, "name": own, **after}
        await run.call("PUT", f"{place.path}/aliases/{{name}}", sent, title=f"change alias {own}")

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None:
        sent = {**place.variables, "name": own}
        await run.call("DELETE", f"{place.path}/aliases/{{name}}", sent, title=f"delete alias {own}")


KIND: Kind = Kind(
    name="FirewallAlias",
    plural="firewallaliases",
    short=("fwa",),
    model=FirewallAliasSpec,
    driver=FirewallDriver("FirewallAlias", AliasPart(), lambda: KIND.schema),
    columns=(Column.name(), Column.of("ADDRESS", "cidr"), Column.of("COMMENT", "comment")),
    needs=place_needs,
    order=70,
    example="""\
apiVersion: proxmox.io/v1
kind: FirewallAlias
metadata: { name: cluster/office }
spec: { cidr: 192.0.2.0/24 }
""",
)
