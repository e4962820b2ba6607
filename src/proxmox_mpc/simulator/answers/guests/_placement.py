"""Where an HA resource may run, and where best: node affinity, resource affinity, priorities, then the least used.

Rules are those of 9.1; the groups of 8.4 read as node affinities. Strict rules and negative affinities are never
broken: a resource that no node may take stays where it is, or is not started.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

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


_FREE = Rules(None, frozenset(), frozenset(), failback=True)


def _priorities(text: str) -> dict[str, int]:
    """`one:2,two` → {one: 2, two: 0}."""
    pairs = (entry.partition(":") for entry in split_list(text))
    return {node: int(priority or 0) for node, _, priority in pairs}


def _of_resource(cluster: Cluster, resource: Mapping[str, str]) -> Rules:
    """What a resource itself says: its failback, and its group in 8.4."""
    group = cluster.files.get("ha/groups.cfg", {}).get(resource.get("group", ""))
    if group is None:
        return replace(_FREE, failback=resource.get("failback", "1") == "1")
    nodes = NodeAffinity(_priorities(group["nodes"]), group.get("restricted") == "1")
    return replace(_FREE, nodes=nodes, failback=group.get("nofailback") != "1")


def _read(cluster: Cluster) -> dict[str, Rules]:
    resources = cluster.files.get("ha/resources.cfg", {})
    found = {sid: _of_resource(cluster, resource) for sid, resource in resources.items()}
    for rule in cluster.files.get("ha/rules.cfg", {}).values():
        members = [sid for sid in split_list(rule["resources"]) if sid in found]
        if rule.get("disable") == "1":
            continue
        for sid in members:
            others = frozenset(members) - {sid}
            if rule["type"] == "node-affinity":
                nodes = NodeAffinity(_priorities(rule["nodes"]), rule.get("strict") == "1")
                found[sid] = replace(found[sid], nodes=nodes)
            elif rule["affinity"] == "positive":
                found[sid] = replace(found[sid], together=found[sid].together | others)
            else:
                found[sid] = replace(found[sid], apart=found[sid].apart | others)
    return found


def where(service: Service) -> str:
    """Where a resource counts: its node, or the one that it is on its way to."""
    return service.target or service.node


def _counts(service: Service | None) -> bool:
    """Is the resource somewhere? Not while it waits for a place."""
    return service is not None and service.state not in ("recovery", "fence")


class Placement:
    """The rules as they are now, and what they mean for resources where they are now."""

    def __init__(self, cluster: Cluster) -> None:
        self._services = cluster.ha.services
        self._rules = _read(cluster)

    def _of(self, sid: str) -> Rules:
        return self._rules.get(sid, _FREE)

    def mates(self, sid: str) -> list[str]:
        """Resources that it belongs to: they go where it goes."""
        return sorted(self._of(sid).together)

    def blockers(self, sid: str, node: str) -> list[str]:
        """Resources on the node that this one must not meet."""
        apart, services = sorted(self._of(sid).apart), self._services
        return [other for other in apart if _counts(services.get(other)) and where(services[other]) == node]

    def may_go(self, sid: str, node: str) -> bool:
        """May it be sent there, when those come along that belong to it?"""
        for one in (sid, *self.mates(sid)):
            nodes = self._of(one).nodes
            if self.blockers(one, node) or (nodes and nodes.strict and node not in nodes.priorities):
                return False
        return True

    def allowed(self, sid: str, available: Collection[str]) -> set[str]:
        """Those of the available nodes that the rules let the resource run on."""
        rules, services = self._of(sid), self._services
        found = set(available)
        if rules.nodes and rules.nodes.strict:
            found &= set(rules.nodes.priorities)
        found -= {where(services[other]) for other in rules.apart if _counts(services.get(other))}
        return self._with_mates(rules, sid, found, available)

    def _with_mates(self, rules: Rules, sid: str, found: set[str], available: Collection[str]) -> set[str]:
        """Of the nodes that are left, the one where most of those are that the resource belongs to."""
        services = self._services
        mates = [services[other] for other in rules.together if _counts(services.get(other))]
        places = [where(mate) for mate in mates if where(mate) in available]
        if not places:
            return found
        if sid in services and _counts(services[sid]) and where(services[sid]) in available:
            places.append(where(services[sid]))
        # The same answer for each member, so that they meet instead of following each other around.
        meeting = min(set(places), key=lambda node: (-places.count(node), node))
        return found & {meeting}

    def pick(self, sid: str, available: Collection[str], current: str = "") -> str | None:
        """The best node for the resource; `current` when it is as good as any, or good enough without failback."""
        candidates, rules = self.allowed(sid, available), self._of(sid)
        if current in candidates and not rules.failback:
            return current
        if rules.nodes:
            priorities = rules.nodes.priorities
            preferred = candidates & set(priorities)
            best = max((priorities[node] for node in preferred), default=0)
            candidates = {node for node in preferred if priorities[node] == best} or candidates
        if current in candidates:
            return current
        used = Counter(where(s) for s in self._services.values() if s.state not in ("stopped", "error"))
        return min(candidates, key=lambda node: (used[node], node), default=None)
