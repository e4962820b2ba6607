"""References that lead nowhere are refused before anything is changed, with what there is instead.

Only those that PVE refuses itself, in the middle of an apply, and those that can only be mistakes (`Need.among`). An
object that names something already and is left so is nobody's business.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from proxmox_mpc.engine.observe import Sighting
from proxmox_mpc.engine.plan import Action, Gate, Step
from proxmox_mpc.errors import DeniedError, InvalidInput
from proxmox_mpc.kinds._kind import Key, Kind, Need, Resource
from proxmox_mpc.kinds._rights import sees_all
from proxmox_mpc.kinds._view import View

SHOWN = 8
"""How many of those that there are a hint names."""


async def missing(
    view: View, kind_of: Callable[[str], Kind], wanted: Sequence[Resource], sightings: Mapping[Key, Sighting]
) -> Mapping[Key, Sequence[InvalidInput]]:
    """By resource, what it needs that neither lives, is declared, nor is coming. Each kind is listed once at most."""
    declared = {key for resource in wanted for key in kind_of(resource.key.kind).provides(resource)}
    declared |= view.planned.keys()
    opened = [
        (resource, need)
        for resource in wanted
        for need in kind_of(resource.key.kind).needs(resource)
        if need.among and need.key not in declared and not _has_it(need, sightings[resource.key])
    ]
    kinds = sorted({kind for _, need in opened for kind in need.among})
    there = dict(zip(kinds, await asyncio.gather(*(_known(view, kind_of(kind)) for kind in kinds)), strict=True))
    lost = [(resource, need) for resource, need in opened if not any(_is_in(there[k], need.key) for k in need.among)]
    if not lost or not await sees_all(view):
        return {}
    everything = declared.union(*(known for known in there.values() if known is not None))
    errors = defaultdict(list)
    for resource, need in lost:
        errors[resource.key].append(_error(resource, need, everything))
    return errors


def _has_it(need: Need, seen: Sighting) -> bool:
    """Does the live object name it already?"""
    if seen.live is None:
        return False
    now = seen.live.fields.get(need.path)
    return need.path.startswith("metadata.") or need.key.name in (now if isinstance(now, list) else [now])


async def _known(view: View, kind: Kind) -> set[Key] | None:
    """The keys of all that lives; None where this login may not look."""
    try:
        return {key for live in await kind.driver.rows(view) for key in kind.answers_to(live)}
    except DeniedError:
        return None


def _is_in(known: set[Key] | None, key: Key) -> bool:
    return known is None or key in known


def _error(resource: Resource, need: Need, known: set[Key]) -> InvalidInput:
    word = need.among[0] if len(need.among) == 1 else need.key.kind.lower()
    path = need.path if need.path.startswith("metadata.") else f"spec.{need.path}"
    names = sorted({key.name for key in known if key.kind == need.key.kind})
    hint = f"declare it, or make it first; there is no {word} at all"
    if close := difflib.get_close_matches(need.key.name, names, n=3):
        hint = f"did you mean {' or '.join(close)}?"
    elif names:
        hint = f"there: {', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''}"
    return resource.invalid(path, f"there is no {word} {need.key.name!r}", hint)


def refuse_named(kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> None:
    """What the plan deletes must not be what another of its resources needs. Raises InvalidInput, at its place."""
    going = {
        key: step.key
        for step in steps
        # What is held by another object is refused for that already, and says by which.
        if step.action is Action.DELETE and step.live is not None and not step.is_stopped_by(Gate.HOLDERS)
        for key in kind_of(step.key.kind).answers_to(step.live)
    }
    staying = [step.resource for step in steps if step.resource is not None and step.action is not Action.DELETE]
    given = {key for resource in staying for key in kind_of(resource.key.kind).provides(resource)}
    for resource in staying if going else ():
        for need in kind_of(resource.key.kind).needs(resource):
            if need.key in going and need.key not in given:
                where = need.path if need.path.startswith("metadata.") else f"spec.{need.path.removeprefix('spec.')}"
                hint = "take this out, too, or leave what it needs"
                raise resource.invalid(where, f"needs {going[need.key]}, which this plan deletes", hint)
