"""SecurityGroup: rules under a name, for every firewall that wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds import _field
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._firewall import FirewallDriver, Place, rule_needs
from proxmox_mpc.kinds._kind import Column, Kind, Live
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._rule_lines import Rules
from proxmox_mpc.kinds._rule_order import order_rules, rule_writes
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View


class SecurityGroupSpec(_field.Part):
    """A security group. Its name is `cluster/NAME`; a rule `GROUP NAME` takes its rules in."""

    comment: str | None = field("comment", help="A remark.")
    rules: Rules | None = field("rules", help="Rules, as lines of a PVE firewall file or as mappings.")


_NAMED = {"group": NAME}


class GroupPart:
    kinds = ("cluster",)
    is_always_there = False
    writes = (Write("POST", "/groups", _NAMED), *rule_writes("/groups/{group}"))

    async def _all(self, view: View, place: Place) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await view.pve.get(f"{place.path}/groups", place.variables)
        return found

    async def names(self, view: View, place: Place) -> list[str]:
        return [row["group"] for row in await self._all(view, place)]

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any] | None:
        row = next((row for row in await self._all(view, place) if row["group"] == own), None)
        if row is None:
            return None
        rules = await view.pve.get(f"{place.path}/groups/{{group}}", {"group": own})
        return {"comment": row.get("comment"), "digest": row.get("digest"), "rules": rules}

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None:
        sent = {"group": own, **{k: v for k, v in params.items() if k == "comment"}}
        made = {"place": place.identity, "name": own}
        await run.call("POST", f"{place.path}/groups", sent, title=f"create group {own}", makes=made)
        await order_rules(run, f"{place.path}/groups/{{group}}", {"group": own}, [], params.get("rules", []))

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        if before.get("comment") != after.get("comment"):
            # A group is changed by renaming it to itself (POST /cluster/firewall/groups, 9.1).
            sent = {"group": own, "rename": own, "comment": after.get("comment", "")}
            await run.call("POST", f"{place.path}/groups", sent, title=f"change group {own}")
        path = f"{place.path}/groups/{{group}}"
        await order_rules(run, path, {"group": own}, before.get("rules", []), after.get("rules", []))

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None:
        """Only an empty group can be deleted."""
        rules = KIND.schema.encode(live.fields).get("rules", [])
        await order_rules(run, f"{place.path}/groups/{{group}}", {"group": own}, rules, [])
        await run.call("DELETE", f"{place.path}/groups/{{group}}", {"group": own}, title=f"delete group {own}")


KIND: Kind = Kind(
    name="SecurityGroup",
    plural="securitygroups",
    short=("sg",),
    model=SecurityGroupSpec,
    driver=FirewallDriver("SecurityGroup", GroupPart(), lambda: KIND.schema),
    columns=(Column.name(), Column.count("RULES", "rules"), Column.of("COMMENT", "comment")),
    needs=rule_needs,
    order=75,
    example="""\
apiVersion: proxmox.io/v1
kind: SecurityGroup
metadata: { name: cluster/web }
spec: { rules: [IN HTTP(ACCEPT), IN HTTPS(ACCEPT)] }
""",
)
