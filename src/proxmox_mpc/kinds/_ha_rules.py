"""What high availability says of where a guest may be: rules of PVE 9, groups of PVE 8.

Read once, and only when a guest needs a place. What is never broken keeps guests from nodes: strict rules, and those
that keep guests together or apart. Where the manager merely prefers a node, it brings the guest back there by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from proxmox_mpc.errors import DeniedError
from proxmox_mpc.kinds._view import View

_RULES, _GROUPS, _RESOURCES = "/cluster/ha/rules", "/cluster/ha/groups", "/cluster/ha/resources"


async def barred(view: View, sid: str, nodes: Iterable[str], where: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those of the nodes that a guest must not be on, with the reason; `where` knows better than rows where some are.

    `sid` is the guest as HA calls it: `vm:100`.
    """
    found: dict[str, str] = {}
    rules = [rule for rule in await _rules(view) if sid in _listed(rule.get("resources"))]
    places = {**_places(await view.rows("qemu", "lxc")), **(where or {})} if rules else {}
    nodes = list(nodes)
    for rule in rules:
        others = [other for other in _listed(rule["resources"]) if other != sid]
        if rule["type"] == "node-affinity":
            named = [name.partition(":")[0] for name in _listed(rule.get("nodes"))]
            if _is_on(rule.get("strict")):
                kept = f"is not where an HA rule keeps it ({', '.join(sorted(named))})"
                found |= {node: kept for node in nodes if node not in named}
        elif rule.get("affinity") == "negative":
            found |= {
                places[other]: f"has {other}, from which an HA rule keeps it apart"
                for other in others
                if places.get(other) in nodes
            }
        elif meets := {places[other]: other for other in others if places.get(other) in nodes}:
            home, mate = min(meets.items())
            found |= {
                node: f"is not where {mate} is, beside which an HA rule keeps it" for node in nodes if node != home
            }
    return found


async def prefers(view: View, sid: str, node: str) -> bool:
    """Whether a rule makes this node the best one for a guest, so that the manager brings it back."""
    for rule in await _rules(view):
        if rule["type"] == "node-affinity" and sid in _listed(rule.get("resources")):
            pairs = [name.partition(":") for name in _listed(rule.get("nodes"))]
            ranks = {name: int(rank or 0) for name, _, rank in pairs}
            return node in ranks and ranks[node] == max(ranks.values()) and list(ranks.values()).count(ranks[node]) == 1
    return False


def _places(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {f"{'vm' if row['type'] == 'qemu' else 'ct'}:{row['vmid']}": str(row["node"]) for row in rows}


async def _rules(view: View) -> list[dict[str, Any]]:
    """All rules that are in force, and those that are declared beside what is looked at."""
    declared = [dict(resource.fields) for key, resource in view.wanted.items() if key.kind == "HARule"]
    live: list[dict[str, Any]] = await view.once("ha rules", partial(_read, view))
    return [rule for rule in [*live, *declared] if not (_is_on(rule.get("disable")) or rule.get("disabled"))]


async def _read(view: View) -> list[dict[str, Any]]:
    facts = await view.pve.api()
    try:
        if facts.method("GET", _RULES) is not None:
            rules: list[dict[str, Any]] = await view.pve.get(_RULES)
            return rules
        groups = {row["group"]: row for row in await view.pve.get(_GROUPS)}
        held = [row for row in await view.pve.get(_RESOURCES) if row.get("group") in groups]
    except DeniedError:
        return []  # who may not see them is refused by PVE itself, if it comes to that
    return [
        {
            "type": "node-affinity",
            "resources": row["sid"],
            "nodes": groups[row["group"]]["nodes"],
            "strict": groups[row["group"]].get("restricted"),
        }
        for row in held
    ]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [part.strip() for part in str(value or "").split(",") if part.strip()]


def _is_on(value: Any) -> bool:
    return str(value) in ("1", "True")
