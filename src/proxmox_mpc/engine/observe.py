"""Which live object each resource means, and whose it is.

A guest is its VMID plus the mark that it carries; its name and its node are not its identity. So a guest that moved
is found where it is, a renamed one is still the same, and a clone that copied a description is nobody's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from proxmox_mpc.errors import RefusedError, UnreachableError
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import HALF_MADE, LOCK, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._view import View


class Owner(Enum):
    """Whose a live object is, seen from one application."""

    OURS = "ours"
    NOBODY = "nobody"
    OTHER = "other"


@dataclass(frozen=True)
class Sighting:
    """What one resource was found to be: the live object, whose it is, and what the store remembers."""

    live: Live | None
    owner: Owner = Owner.NOBODY
    application: str = ""
    owned: Owned | None = None


class Ambiguous(RefusedError):
    """A name could mean several objects."""

    code = "resource.ambiguous"


async def observe(
    view: View, kind_of: Callable[[str], Kind], wanted: Sequence[Resource], owned: Mapping[Key, Owned], application: str
) -> dict[Key, Sighting]:
    """Find every wanted resource on the cluster: one bulk read per kind, all kinds at once.

    Raises Ambiguous where two live objects could be meant, with what tells them apart.
    """
    kinds = sorted({resource.key.kind for resource in wanted})
    mine = {kind: [r for r in wanted if r.key.kind == kind] for kind in kinds}
    known = {kind: [item for key, item in owned.items() if key.kind == kind] for kind in kinds}
    found = await asyncio.gather(*(kind_of(kind).driver.observe(view, mine[kind], known[kind]) for kind in kinds))
    sightings: dict[Key, Sighting] = {}
    for kind, lives in zip(kinds, found, strict=True):
        known_as = Known(lives)
        for resource in mine[kind]:
            live = match(resource, kind_of(kind), known_as, owned.get(resource.key))
            live = live or _half_made(lives, owned.get(resource.key))
            seen = sighting(kind_of(kind), live, owned.get(resource.key), application)
            sightings[resource.key] = _under_another_name(seen, resource.key, known[kind])
    return sightings


def _half_made(lives: Iterable[Live], owned: Owned | None) -> Live | None:
    """What was being made when its node died: it is locked, and has neither a name nor our mark yet."""
    if owned is None or owned.applied is not None:
        return None
    locked = (live for live in lives if live.facts.get(LOCK) in HALF_MADE and live.mark is None)
    return next((live for live in locked if is_same(live, owned)), None)


def _under_another_name(seen: Sighting, key: Key, known: Sequence[Owned]) -> Sighting:
    """Nobody's object may be somebody's by another name: `guest/web` is `guest/100`."""
    if seen.live is None or seen.owner is not Owner.NOBODY:
        return seen
    same = (item for item in known if item.key != key and dict(item.identity) == dict(seen.live.identity))
    other = next(same, None)
    if other is None:
        return seen
    return replace(seen, owner=Owner.OTHER, application=f"{other.application} (as {other.key.name})")


class NodeOffline(UnreachableError):
    """A node does not answer, and what stands on it cannot be seen."""

    code = "node.offline"
    default_hint = "bring the node back, or leave out for now what stands on it"


async def out_of_reach(view: View, kind_of: Callable[[str], Kind], keys: Iterable[Key]) -> dict[Key, str]:
    """Of these, what stands on a node that is offline, by its key: it is not gone, it cannot be seen."""
    nodes = {key: node for key in keys if (node := kind_of(key.kind).driver.node_of(key.name))}
    offline = await view.offline() if nodes else set()
    return {key: node for key, node in nodes.items() if node in offline}


def refuse_out_of_reach(lost: Mapping[Key, str]) -> None:
    """Raises NodeOffline, where there is something."""
    if lost:
        nodes, shown = ", ".join(sorted(set(lost.values()))), ", ".join(str(key) for key in sorted(lost)[:5])
        more = " …" if len(lost) > 5 else ""
        raise NodeOffline(f"offline: {nodes}; what stands there cannot be seen: {shown}{more}")


class OtherOwner(RefusedError):
    """The object belongs to another application."""

    code = "resource.owned-by-other"


class Known:
    """Live objects by what can mean them. Only one without a mark is meant by its identity or its own name."""

    def __init__(self, lives: Iterable[Live]) -> None:
        self.by_uid: defaultdict[str, list[Live]] = defaultdict(list)
        self.by_mark: defaultdict[Key, list[Live]] = defaultdict(list)
        self.by_identity: defaultdict[tuple[str, Any], list[Live]] = defaultdict(list)
        self.by_name: defaultdict[Key, list[Live]] = defaultdict(list)
        for live in lives:
            if live.mark is not None:
                self.by_uid[live.mark.uid].append(live)
                self.by_mark[live.mark.key].append(live)
                continue
            self.by_name[live.key].append(live)
            for item in live.identity.items():
                self.by_identity[item].append(live)


def match(resource: Resource, kind: Kind, known: Known, owned: Owned | None) -> Live | None:
    """The live object that a resource means: by its uid, by its mark, by a declared identity, by its name."""
    asked = {name: resource.fields[name] for name in kind.identified_by if name in resource.fields}
    tests = [
        known.by_uid.get(owned.uid, []) if owned is not None else [],
        known.by_mark.get(resource.key, []),
        [live for name, value in asked.items() for live in known.by_identity.get((name, value), ())],
        known.by_name.get(resource.key, []),
    ]
    for number, hits in enumerate(tests):
        if len(hits) > 1:
            ids = ", ".join(_identity(live) for live in hits)
            hint = "rename one of them, or name the right one in the manifest"
            raise Ambiguous(f"{resource.key} could be {len(hits)} objects: {ids}", hint=hint, place=resource.place(""))
        if number == 2 and not hits:
            _refuse_other(resource, asked, known)
        if not hits:
            continue
        live = hits[0]
        if number >= 2 and asked and any(live.identity[name] != value for name, value in asked.items()):
            wish = ", ".join(f"{name} {value}" for name, value in asked.items())
            hint = "correct the manifest, or rename one of them"
            message = f"{resource.key} asks for {wish}, but the object of that name is {_identity(live)}"
            raise Ambiguous(message, hint=hint, place=resource.place("spec"))
        if number == 2 and live.key.name != resource.key.name:
            raise Ambiguous(
                f"{resource.key} asks for {_identity(live)}, which is {live.key.label} and not owned",
                hint="take a free one, or rename that object first",
                place=resource.place("spec"),
            )
        return live
    return None


def _refuse_other(resource: Resource, asked: Mapping[str, Value], known: Known) -> None:
    """What a manifest names by its identity must not be, by its mark, something else."""
    for lives in known.by_mark.values():
        for live in lives:
            if not asked or any(live.identity[name] != value for name, value in asked.items()):
                continue
            assert live.mark is not None
            hint = f"declare it under its name, or delete it first: proxmox-cli delete {live.key.kind} {live.key.name}"
            message = f"{resource.key} asks for {_identity(live)}, which is {live.mark.key}"
            raise Ambiguous(message, hint=hint, place=resource.place("spec"))


def _identity(live: Live) -> str:
    return " ".join(f"{name} {value}" for name, value in live.identity.items())


def sighting(kind: Kind, live: Live | None, owned: Owned | None, application: str) -> Sighting:
    """Whose the object is: its own mark decides; without one the store does, if it is the very object it remembers."""
    if live is None:
        return Sighting(None, owned=owned)
    if live.mark is not None:
        ours = live.mark.application == application
        return Sighting(live, Owner.OURS if ours else Owner.OTHER, live.mark.application, owned)
    if owned is not None and owned.applied is None and kind.marked and live.facts.get(LOCK) not in HALF_MADE:
        return Sighting(live)  # what we make is marked from its first moment on: somebody else was faster
    if owned is not None and (not kind.marked or is_same(live, owned)):
        ours = owned.application == application
        return Sighting(live, Owner.OURS if ours else Owner.OTHER, owned.application, owned)
    return Sighting(live)


def is_same(live: Live, owned: Owned) -> bool:
    """Whether a live object is the one that the store remembers.

    A guest is its VMID, wherever it stands by now and whatever it is called. Of anything else the name counts, too:
    bridges of one name stand on every node.
    """
    same = all(live.identity.get(name) == value for name, value in owned.identity.items() if name != "node")
    return same and ("vmid" in owned.identity or live.key == owned.key)
