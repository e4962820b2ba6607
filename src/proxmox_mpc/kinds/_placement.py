"""Where a new guest goes when its manifest names no node: a pure choice among the nodes as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any, Literal

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._field import Part, field

MIB = 1 << 20


class Placement(Part):
    """How a node is chosen; it acts at creation only."""

    policy: Literal["spread", "binpack"] | None = field(hint=True, help="Emptiest node first, or fullest that fits.")
    nodes: list[str] | None = field(hint=True, help="Nodes it may go to.")
    affinity: list[str] | None = field(hint=True, help="Tags of guests that it should run beside.")
    anti_affinity: list[str] | None = field(hint=True, help="Tags of guests that it must not share a node with.")


class NoPlace(RefusedError):
    """No node can take the guest."""

    code = "placement.no-node"


@dataclass(frozen=True)
class Candidate:
    """One node: total memory, memory promised to its guests (MiB), their tags, its storages and bridges."""

    node: str
    memory_mib: int
    promised_mib: int
    tags: frozenset[str] = frozenset()
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    guests: int = 0


@dataclass(frozen=True)
class Wish:
    """What a guest needs of a node; of a set's replica also how many `siblings` each node has, and how to `spread`."""

    name: str
    memory_mib: int
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    placement: Placement = dataclass_field(default_factory=Placement)
    set: str = ""
    spread: str = ""
    siblings: Mapping[str, int] = dataclass_field(default_factory=dict)


def candidates(
    rows: Iterable[Mapping[str, Any]],
    promised: Mapping[str, Sequence[Wish]] = MappingProxyType({}),
    bridges: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> list[Candidate]:
    """The online nodes in the rows of /cluster/resources, with what their guests were promised.

    `promised` adds, by node, the guests that are planned and not there yet; `bridges` are those of each node.
    """
    rows = list(rows)
    found = []
    for row in rows:
        if row.get("type") != "node" or row.get("status") != "online":
            continue
        node = row["node"]
        coming = promised.get(node, ())
        guests = [
            g for g in rows if g.get("type") in ("qemu", "lxc") and g.get("node") == node and not g.get("template")
        ]
        found.append(
            Candidate(
                node=node,
                memory_mib=int(row.get("maxmem", 0)) // MIB,
                promised_mib=sum(int(guest.get("maxmem", 0)) for guest in guests) // MIB
                + sum(wish.memory_mib for wish in coming),
                tags=frozenset(tag for guest in guests for tag in str(guest.get("tags", "")).split(";") if tag).union(
                    *(wish.tags for wish in coming)
                ),
                storages=frozenset(str(s["storage"]) for s in rows if s.get("type") == "storage" and s["node"] == node),
                bridges=bridges.get(node, frozenset()),
                guests=len(guests) + len(coming),
            )
        )
    return found


def choose(wish: Wish, nodes: Sequence[Candidate]) -> str:
    """The node for a guest; equal choices go by name, so that a plan is the same each time. Raises NoPlace."""
    reasons: dict[str, str] = {}
    fitting: list[Candidate] = []
    placement = wish.placement
    for node in sorted(nodes, key=lambda n: n.node):
        missing, unplugged = wish.storages - node.storages, wish.bridges - node.bridges
        apart_from = set(placement.anti_affinity or ()) & node.tags
        if placement.nodes and node.node not in placement.nodes:
            reasons[node.node] = "not among placement.nodes"
        elif missing:
            reasons[node.node] = f"has no storage {', '.join(sorted(missing))}"
        elif unplugged:
            reasons[node.node] = f"has no bridge {', '.join(sorted(unplugged))}"
        elif apart_from:
            reasons[node.node] = f"runs a guest tagged {', '.join(sorted(apart_from))}"
        elif wish.spread == "apart" and wish.siblings.get(node.node):
            reasons[node.node] = "has another replica"
        elif node.memory_mib and node.promised_mib + wish.memory_mib > node.memory_mib:
            reasons[node.node] = f"has {max(0, node.memory_mib - node.promised_mib)} MiB of {node.memory_mib} MiB left"
        else:
            fitting.append(node)
    if not fitting:
        why = "; ".join(f"{node} {reason}" for node, reason in reasons.items()) or "no node is online"
        raise NoPlace(f"no node can take {wish.name}: {why}", hint="name a node in spec.node, or free one of these")
    if beside := [node for node in fitting if set(placement.affinity or ()) & node.tags]:
        fitting = beside
    if wish.spread == "together" and (near := [node for node in fitting if wish.siblings.get(node.node)]):
        fitting = near
    fullest = "binpack" in (placement.policy, wish.spread)

    def free_share(node: Candidate) -> float:
        return (node.memory_mib - node.promised_mib) / (node.memory_mib or 1)

    def rank(node: Candidate) -> tuple[float, float, int, str]:
        siblings = wish.siblings.get(node.node, 0) if wish.spread == "spread" else 0
        return siblings, free_share(node) if fullest else -free_share(node), node.guests, node.node

    return min(fitting, key=rank).node
