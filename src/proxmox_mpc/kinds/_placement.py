"""Where a guest goes when nobody says where: a pure choice among the nodes as they are, with its reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any, Literal

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._field import Part, field

MIB, GIB = 1 << 20, 1 << 30
TOLD = 3
"""So many of the nodes that do not fit are told in a line; the JSON form has them all."""


class Placement(Part):
    """How a node is chosen; it acts at creation, and when a node is drained."""

    policy: Literal["spread", "binpack"] | None = field(hint=True, help="Emptiest node first, or fullest that fits.")
    nodes: list[str] | None = field(hint=True, help="Nodes it may go to.")
    affinity: list[str] | None = field(hint=True, help="Tags of guests that it should run beside.")
    anti_affinity: list[str] | None = field(hint=True, help="Tags of guests that it must not share a node with.")


class NoPlace(RefusedError):
    """No node can take the guest."""

    code = "placement.no-node"


@dataclass(frozen=True)
class Candidate:
    """One node: its CPUs and memory, the memory promised to its guests (MiB), their tags, its storages and bridges.

    `free` is what is left on each storage, in bytes, as far as that is known. `shunned` are tags that guests which are
    planned here must not meet.
    """

    node: str
    memory_mib: int
    promised_mib: int
    tags: frozenset[str] = frozenset()
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    guests: int = 0
    cpus: int = 0
    free: Mapping[str, int] = dataclass_field(default_factory=dict)
    shunned: frozenset[str] = frozenset()

    @property
    def free_share(self) -> float:
        """How much of its memory is promised to nobody."""
        return (self.memory_mib - self.promised_mib) / (self.memory_mib or 1)


@dataclass(frozen=True)
class Wish:
    """What a guest needs of a node; of a set's replica also how many `siblings` each node has, and how to `spread`.

    `room` are the bytes of its new volumes by storage, `barred` the nodes that cannot have it, with the reason.
    """

    name: str
    memory_mib: int
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    placement: Placement = dataclass_field(default_factory=Placement)
    set: str = ""
    spread: str = ""
    siblings: Mapping[str, int] = dataclass_field(default_factory=dict)
    cores: int = 0
    room: Mapping[str, int] = dataclass_field(default_factory=dict)
    barred: Mapping[str, str] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The chosen node, and why: what it has before `others` that fit too, and what keeps the guest from the rest."""

    node: str
    why: str
    others: tuple[str, ...] = ()
    unfit: Mapping[str, str] = dataclass_field(default_factory=dict)

    def __str__(self) -> str:
        told = [f"{node} {reason}" for node, reason in list(self.unfit.items())[:TOLD]]
        told += [f"and {len(self.unfit) - TOLD} more do not fit"] if len(self.unfit) > TOLD else []
        return "; ".join([f"on {self.node}: {self.why}", *told])


def candidates(
    rows: Iterable[Mapping[str, Any]],
    promised: Mapping[str, Sequence[Wish]] = MappingProxyType({}),
    bridges: Mapping[str, frozenset[str]] = MappingProxyType({}),
    thick: Collection[str] = (),
) -> list[Candidate]:
    """The online nodes in the rows of /cluster/resources, with what their guests were promised.

    `promised` adds, by node, the guests that are planned and not there yet; `bridges` are those of each node. Volumes
    that are planned take their room at once on `thick` storages; elsewhere only as they fill up.
    """
    nodes: list[Mapping[str, Any]] = []
    guests_of: dict[str, list[Mapping[str, Any]]] = {}
    storages_of: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row.get("type") == "node" and row.get("status") == "online":
            nodes.append(row)
        elif row.get("type") in ("qemu", "lxc") and not row.get("template"):
            guests_of.setdefault(str(row.get("node")), []).append(row)
        elif row.get("type") == "storage" and _is_active(row):
            storages_of.setdefault(str(row["node"]), []).append(row)
    found = []
    for row in nodes:
        node = str(row["node"])
        coming, guests, storages = promised.get(node, ()), guests_of.get(node, []), storages_of.get(node, [])
        found.append(
            Candidate(
                node=node,
                memory_mib=int(row.get("maxmem", 0)) // MIB,
                promised_mib=sum(int(guest.get("maxmem", 0)) for guest in guests) // MIB
                + sum(wish.memory_mib for wish in coming),
                tags=frozenset(tag for guest in guests for tag in str(guest.get("tags", "")).split(";") if tag).union(
                    *(wish.tags for wish in coming)
                ),
                storages=frozenset(str(s["storage"]) for s in storages),
                bridges=bridges.get(node, frozenset()),
                guests=len(guests) + len(coming),
                cpus=int(row.get("maxcpu", 0)),
                free={s["storage"]: _free(s, node, promised, thick) for s in storages if s.get("maxdisk")},
                shunned=frozenset(tag for wish in coming for tag in wish.placement.anti_affinity or ()),
            )
        )
    return found


def _is_active(storage: Mapping[str, Any]) -> bool:
    """Whether the node can use it; one whose server is gone is `unknown` (8.4, 9.1)."""
    return str(storage.get("status", "available")) == "available"


def _free(storage: Mapping[str, Any], node: str, promised: Mapping[str, Sequence[Wish]], thick: Collection[str]) -> int:
    name = str(storage["storage"])
    free = int(storage["maxdisk"]) - int(storage.get("disk", 0))
    if name not in thick:
        return free
    users = [node] if not storage.get("shared") else list(promised)
    return free - sum(wish.room.get(name, 0) for user in users for wish in promised.get(user, ()))


def choose(wish: Wish, nodes: Sequence[Candidate]) -> Choice:
    """The node for a guest; equal choices go by name, so that a plan is the same each time. Raises NoPlace."""
    reasons = {node.node: _unfit(wish, node) for node in sorted(nodes, key=lambda n: n.node)}
    unfit = {node: reason for node, reason in reasons.items() if reason}
    fitting = [node for node in nodes if not reasons[node.node]]
    if not fitting:
        why = "; ".join(f"{node} {reason}" for node, reason in unfit.items()) or "no node is online"
        raise NoPlace(f"no node can take {wish.name}: {why}", hint="name a node in spec.node, or free one of these")
    preferred, preference = _preferred(wish, fitting)
    best = min(preferred, key=lambda node: _rank(wish, node))
    others = tuple(sorted(node.node for node in fitting if node is not best))
    return Choice(best.node, _why(wish, best, preferred, preference, len(fitting)), others, unfit)


def _unfit(wish: Wish, node: Candidate) -> str:
    """Why a node cannot have the guest; nothing where it can."""
    placement = wish.placement
    if reason := wish.barred.get(node.node):
        return reason
    if placement.nodes and node.node not in placement.nodes:
        return "is not among placement.nodes"
    if missing := wish.storages - node.storages:
        return f"has no storage {', '.join(sorted(missing))}"
    if unplugged := wish.bridges - node.bridges:
        return f"has no bridge {', '.join(sorted(unplugged))}"
    if apart_from := set(placement.anti_affinity or ()) & node.tags:
        return f"runs a guest tagged {', '.join(sorted(apart_from))}"
    if shunned := wish.tags & node.shunned:
        return f"gets a guest that stays apart from those tagged {', '.join(sorted(shunned))}"
    if wish.spread == "apart" and wish.siblings.get(node.node):
        return "has another replica"
    if node.cpus and wish.cores > node.cpus:
        return f"has {node.cpus} CPUs, fewer than its {wish.cores} cores"
    if node.memory_mib and node.promised_mib + wish.memory_mib > node.memory_mib:
        return f"has {max(0, node.memory_mib - node.promised_mib)} MiB of {node.memory_mib} MiB left"
    full = [name for name, size in sorted(wish.room.items()) if size > node.free.get(name, size)]
    if full:
        return ", ".join(f"has {max(0, node.free[s]) / GIB:.1f} GiB left on {s}" for s in full)
    return ""


def _preferred(wish: Wish, fitting: Sequence[Candidate]) -> tuple[Sequence[Candidate], str]:
    """Those of the nodes that the guest should be on if it can, and what makes them so."""
    tags = set(wish.placement.affinity or ())
    said = ""
    if beside := [node for node in fitting if tags & node.tags]:
        fitting, said = beside, f"beside guests tagged {', '.join(sorted(tags))}"
    if wish.spread == "together" and (near := [node for node in fitting if wish.siblings.get(node.node)]):
        fitting, said = near, "beside its replicas"
    return fitting, said


def _is_packed(wish: Wish) -> bool:
    return "binpack" in (wish.placement.policy, wish.spread)


def _siblings(wish: Wish, node: Candidate) -> int:
    return wish.siblings.get(node.node, 0) if wish.spread == "spread" else 0


def _rank(wish: Wish, node: Candidate) -> tuple[float, float, int, str]:
    share = node.free_share if _is_packed(wish) else -node.free_share
    return _siblings(wish, node), share, node.guests, node.node


def _why(wish: Wish, best: Candidate, preferred: Sequence[Candidate], preference: str, fitting: int) -> str:
    free = f"{best.free_share:.0%} free" if best.memory_mib else ""
    if fitting == 1:
        return "the only one that fits" + (f" ({free})" if free else "")
    said = [preference] if preference else []
    if len(preferred) > 1:
        if len({_siblings(wish, node) for node in preferred}) > 1:
            said.append("fewest replicas")
        said.append("fullest" if _is_packed(wish) else "emptiest")
    return f"{', '.join(said)} of {fitting}" + (f" ({free})" if free else "")
