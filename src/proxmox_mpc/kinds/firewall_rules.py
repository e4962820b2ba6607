"""FirewallRules: all rules of the cluster, a node, a guest or a virtual network, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds import _field
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._firewall import FirewallDriver, Place, rule_needs
from proxmox_mpc.kinds._kind import Column, Kind, Live
from proxmox_mpc.kinds._rule_lines import Rules
from proxmox_mpc.kinds._rule_order import order_rules, rule_writes
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View


class FirewallRulesSpec(_field.Part):
    """The rules of a firewall, all of them: what is not declared is removed. The first that matches decides."""

    rules: Rules = field("rules", help="Rules, as lines of a PVE firewall file or as mappings.")


class RulesPart:
    kinds = ("cluster", "node", "guest", "vnet")
    is_always_there = True
    writes = rule_writes("/rules")

    async def names(self, view: View, place: Place) -> list[str]:
        return [""]

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any]:
        return {"rules": await view.pve.get(f"{place.path}/rules", place.variables)}

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None:
        raise AssertionError("the list is always there")

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        path = f"{place.path}/rules"
        await order_rules(run, path, place.variables, before.get("rules", []), after.get("rules", []))

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None:
        """Declared were all of them, so all of them go."""
        if run.applied:
            rules = KIND.schema.encode(live.fields).get("rules", [])
            await order_rules(run, f"{place.path}/rules", place.variables, rules, [])


KIND: Kind = Kind(
    name="FirewallRules",
    plural="firewallrules",
    short=("fwr",),
    model=FirewallRulesSpec,
    driver=FirewallDriver("FirewallRules", RulesPart(), lambda: KIND.schema),
    columns=(Column.name(), Column.count("RULES", "rules")),
    always_there=True,
    needs=rule_needs,
    order=80,
    example="""\
apiVersion: proxmox.io/v1
kind: FirewallRules
metadata: { name: cluster }
spec:
  rules:
    - IN SSH(ACCEPT) -source +admins
    - { type: in, action: ACCEPT, protocol: tcp, destinationPort: "8006", source: +admins }
    - GROUP web
""",
)
