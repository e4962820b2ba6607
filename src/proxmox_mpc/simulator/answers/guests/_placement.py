"""Where an HA resource may run, and where best: node affinity, resource affinity, priorities, then the least used.

Rules are those of 9.1; the groups of 8.4 read as node affinities. Strict rules and negative affinities are never
broken: a resource that no node may take stays where it is, or is not started.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.ha import Service


@dataclass(frozen=True)
class NodeAffinity:
    """Nodes by priority; with `strict` no others."""

    priorities: Mapping[str, int]
    strict: bool


@dataclass(frozen=True)
class Rules:
    """What the configuration says about one resource. `failback` brings it back to a better node."""

    nodes: NodeAffinity | None
    together: frozenset[str]
    apart: frozenset[str]
    failback: bool


def rules_of(cluster: Cluster, sid: str) -> Rules:
    resource = cluster.files.get("ha/resources.cfg", {}).get(sid, {})
    together, apart = set[str](), set[str]()
    nodes = _group(cluster, resource.get("group", ""))
    failback = resource.get("failback", "1") == "1"
    if "group" in resource:
        failback = cluster.files.get("ha/groups.cfg", {}).get(resource["group"], {}).get("nofailback") != "1"
    for rule in cluster.files.get("ha/rules.cfg", {}).values():
        members = split_list(rule["resources"])
        if rule.get("disable") == "1" or sid not in members:
            continue
        if rule["type"] == "node-affinity":
            nodes = NodeAffinity(_priorities(rule["nodes"]), rule.get("strict") == "1")
        elif len(members) > 1:
            (together if rule["affinity"] == "positive" else apart).update(m for m in members if m != sid)
    return Rules(nodes, frozenset(together), frozenset(apart), failback)


def _group(cluster: Cluster, name: str) -> NodeAffinity | None:
    group = cluster.files.get("ha/groups.cfg", {}).get(name)
    return NodeAffinity(_priorities(group["nodes"]), group.get("restricted") == "1") if group else None


def _priorities(text: str) -> dict[str, int]:
    """`one:2,two` → {one: 2, two: 0}."""
    pairs = (entry.partition(":") for entry in split_list(text))
    return {node: int(priority or 0) for node, _, priority in pairs}


def where(service: Service) -> str:
    """Where a resource counts: its node, or the one that it is on its way to."""
    return service.target or service.node


def blockers(cluster: Cluster, sid: str, node: str) -> list[str]:
    """Resources on the node that this one must not meet."""
    services = cluster.ha.services
    apart = sorted(rules_of(cluster, sid).apart)
    return [other for other in apart if _counts(services.get(other)) and where(services[other]) == node]


def may_go(cluster: Cluster, sid: str, node: str) -> bool:
    """May it be sent there, when those come along that belong to it?"""
    for one in (sid, *rules_of(cluster, sid).together):
        nodes = rules_of(cluster, one).nodes
        if blockers(cluster, one, node) or (nodes and nodes.strict and node not in nodes.priorities):
            return False
    return True


def allowed(cluster: Cluster, sid: str, available: Collection[str]) -> set[str]:
    """Those of the available nodes that the rules let the resource run on."""
    rules, services = rules_of(cluster, sid), cluster.ha.services
    found = set(available)
    if rules.nodes and rules.nodes.strict:
        found &= set(rules.nodes.priorities)
    found -= {where(services[other]) for other in rules.apart if _counts(services.get(other))}
    return _with_mates(services, rules, sid, found, available)


def _counts(service: Service | None) -> bool:
    """Is the resource somewhere? Not while it waits for a place."""
    return service is not None and service.state not in ("recovery", "fence")


def _with_mates(
    services: Mapping[str, Service], rules: Rules, sid: str, found: set[str], available: Collection[str]
) -> set[str]:
    """Of the nodes that are left, the one where most of those are that the resource belongs to."""
    mates = [services[other] for other in rules.together if _counts(services.get(other))]
    places = [where(mate) for mate in mates if where(mate) in available]
    if not places:
        return found
    if sid in services and _counts(services[sid]) and where(services[sid]) in available:
        places.append(where(services[sid]))
    # The same answer for each member, so that they meet instead of following each other around.
    meeting = min(set(places), key=lambda node: (-places.count(node), node))
    return found & {meeting}


def pick(cluster: Cluster, sid: str, available: Collection[str], current: str = "") -> str | None:
    """The best node for the resource; `current` when it is as good as any, or good enough without failback."""
    candidates, rules = allowed(cluster, sid, available), rules_of(cluster, sid)
    if current in candidates and not rules.failback:
        return current
    if rules.nodes:
        priorities = rules.nodes.priorities
        preferred = candidates & set(priorities)
        best = max((priorities[node] for node in preferred), default=0)
        candidates = {node for node in preferred if priorities[node] == best} or candidates
    if current in candidates:
        return current
    used = [where(service) for service in cluster.ha.services.values() if service.state not in ("stopped", "error")]
    return min(candidates, key=lambda node: (used.count(node), node), default=None)
