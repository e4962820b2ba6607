"""Firewalls of the cluster, its nodes, guests and virtual networks: four scopes with the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.generators.twin._reader import Asked, Reader, Row


async def requests(reader: Reader, rows: Sequence[Row]) -> list[Asked]:
    """The requests that make every rule, set, alias and option; the cluster's first, for the others name its groups."""
    scopes: list[tuple[str, dict[str, Any]]] = [
        ("/nodes/{node}/firewall", {"node": r["node"]})
        for r in rows
        if r["type"] == "node" and r.get("status") == "online"
    ]
    scopes += [
        (f"/nodes/{{node}}/{r['type']}/{{vmid}}/firewall", {"node": r["node"], "vmid": int(r["vmid"])})
        for r in rows
        if r["type"] in ("qemu", "lxc")
    ]
    # Those of virtual networks can be asked for only where the network runs.
    networks = await reader.rows("/cluster/sdn/vnets", running=1)
    scopes += [("/cluster/sdn/vnets/{vnet}/firewall", {"vnet": row["vnet"]}) for row in networks]
    found = await _scope(reader, "/cluster/firewall", {})
    for part in await reader.each("firewalls", scopes, lambda scope: _scope(reader, *scope)):
        found += part
    return found


async def _scope(reader: Reader, below: str, names: dict[str, Any]) -> list[Asked]:
    found = []
    for row in await reader.rows(f"{below}/aliases", **names):
        found.append(reader.ask("POST", f"{below}/aliases", row, **names))
    for row in await reader.rows(f"{below}/ipset", **names):
        found.append(reader.ask("POST", f"{below}/ipset", row, **names))
        for entry in await reader.rows(f"{below}/ipset/{{name}}", **names, name=row["name"]):
            found.append(reader.ask("POST", f"{below}/ipset/{{name}}", entry, **names, name=row["name"]))
    for row in await reader.rows(f"{below}/groups", **names):
        found.append(reader.ask("POST", f"{below}/groups", row, **names))
        rules = await reader.rows(f"{below}/groups/{{group}}", **names, group=row["group"])
        found += _rules(reader, f"{below}/groups/{{group}}", rules, {**names, "group": row["group"]})
    found += _rules(reader, f"{below}/rules", await reader.rows(f"{below}/rules", **names), names)
    options = {k: v for k, v in (await reader.get(f"{below}/options", **names) or {}).items() if k != "digest"}
    if options:
        found.append(reader.ask("PUT", f"{below}/options", options, **names))
    return found


def _rules(reader: Reader, template: str, rules: Sequence[Row], names: dict[str, Any]) -> list[Asked]:
    """From the last to the first: a rule is always inserted at the top (POST …/firewall/rules, 9.1)."""
    plain = ({k: v for k, v in rule.items() if k != "pos"} for rule in reversed(rules))
    return [reader.ask("POST", template, rule, **names) for rule in plain]
