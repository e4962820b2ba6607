"""What must come before what: needs between resources as edges, cycles named instead of hung on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from graphlib import CycleError, TopologicalSorter

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds._kind import Key, Kind, Resource


class NeedsCycle(InvalidInput):
    """Resources need each other in a circle."""

    code = "plan.cycle"


def edges(resources: Sequence[Resource], kind_of: Callable[[str], Kind]) -> dict[Key, tuple[Key, ...]]:
    """For each resource, those of the same set that must be done first. Raises NeedsCycle."""
    by_provided: defaultdict[Key, set[Key]] = defaultdict(set)
    for resource in resources:
        for key in kind_of(resource.key.kind).provides(resource):
            by_provided[key].add(resource.key)
    found: dict[Key, tuple[Key, ...]] = {}
    for resource in resources:
        needs = kind_of(resource.key.kind).needs(resource)
        needed = set().union(*(by_provided[need.key] for need in needs if need.key in by_provided))
        found[resource.key] = tuple(sorted(needed - {resource.key}))
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        circle = " → ".join(str(key) for key in error.args[1])
        raise NeedsCycle(f"these need each other: {circle}", hint="break the circle") from None
    return found


def deletion_edges(keys: Sequence[Key], kind_of: Callable[[str], Kind]) -> dict[Key, tuple[Key, ...]]:
    """For each key, those that must be deleted first: whatever kinds come later at creation.

    What is applied together takes its turn together, with the latest of its kinds: nothing can come in between.
    """
    order = {key: kind_of(key.kind).order for key in keys}
    group = {key: stage(key).name if (stage := kind_of(key.kind).stage) else str(key) for key in keys}
    turn: dict[str, int] = {}
    for key in keys:
        turn[group[key]] = max(turn.get(group[key], order[key]), order[key])

    def is_before(first: Key, then: Key) -> bool:
        if group[first] == group[then]:
            return order[first] > order[then]
        return turn[group[first]] > turn[group[then]]

    return {key: tuple(sorted(other for other in keys if is_before(other, key))) for key in keys}
