"""What goes: what is deleted by name, and what an application owns and does not declare any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from proxmox_mpc.engine import gates, policies
from proxmox_mpc.engine.observe import Owner, is_same, sighting
from proxmox_mpc.engine.order import deletion_edges
from proxmox_mpc.engine.plan import Action, Gate, Refusal, Step
from proxmox_mpc.engine.policies import Policies
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import SET, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._view import View

_RETAINED = f"stays, and is nobody's any more ({policies.DELETION}: retain)"


def deletion(kind: Kind, live: Live, owned: Owned | None, needs: tuple[Key, ...]) -> Step:
    """The step that deletes an object, after those that it `needs` gone."""
    if kind.undeletable:
        return Step(live.key, Action.FORGET, owned=owned, note=f"stays: {kind.undeletable}")
    if Policies.of(None, owned, live).retained:
        return Step(live.key, Action.FORGET, owned=owned, live=live, note=_RETAINED)
    note = " ".join(
        f"{name} {value}"
        for name, value in live.identity.items()
        if str(value) not in ("", live.key.name, live.key.label)
    )
    return Step(live.key, Action.DELETE, (), kind.deletion, needs, note, live=live, owned=owned)


async def pruning(
    view: View,
    kind_of: Callable[[str], Kind],
    stale: Mapping[Key, Owned],
    application: str,
    allow: Impact,
    undone: Collection[Key] = (),
) -> list[Step]:
    """Deletions of what this application owns and no manifest names any more; ownership decides, never a name.

    Those that are `undone` need no leave.
    """
    lives = await find_owned(view, kind_of, stale, application)
    before = deletion_edges(list(lives), kind_of)
    steps = [deletion(kind_of(key.kind), live, stale[key], before[key]) for key, live in lives.items()]
    leave = [Impact.DATA_LOSS if step.key in undone else allow for step in steps]
    return [_pruned(kind_of(step.key.kind), step, allow) for step, allow in zip(steps, leave, strict=True)] + [
        Step(key, Action.FORGET, owned=stale[key], note="is gone already") for key in stale if key not in lives
    ]


def with_retained(kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> list[Step]:
    """These steps; what an object needs that stays does not go either: the pool of a guest that is retained."""
    kept = [step for step in steps if step.action is Action.FORGET and step.live is not None]
    needed: dict[Key, Key] = {}
    for step in kept:
        assert step.live is not None
        kind = kind_of(step.key.kind)
        as_is = Resource(step.live.key, kind.model.model_construct(), step.live.fields)
        needed |= {need.key: step.key for need in kind.needs(as_is)}
    done = []
    for step in steps:
        if step.action is Action.DELETE and step.live is not None:
            for key in kind_of(step.key.kind).answers_to(step.live):
                if holder := needed.get(key):
                    step = Step(step.key, Action.FORGET, owned=step.owned, note=f"stays, for {holder} needs it")
        done.append(step)
    return done


def _pruned(kind: Kind, step: Step, allow: Impact) -> Step:
    of = ((step.owned.applied if step.owned else None) or {}).get(SET)
    note = ", ".join(filter(None, [f"{of} has it no more" if of else "in no manifest any more", step.note]))
    if kind.marked and step.live is not None and step.live.mark is None:
        name = f"proxmox-cli delete {step.key.kind.lower()} {step.key.name}"
        return replace(
            step, note=note, refusal=Refusal(Gate.OWNERSHIP, "has lost its mark", f"delete it by name: {name}")
        )
    return gates.impact(replace(step, note=note), allow)


async def find_owned(
    view: View, kind_of: Callable[[str], Kind], owned: Mapping[Key, Owned], application: str
) -> dict[Key, Live]:
    """The live objects of these records; one whose mark names somebody else by now is not among them."""
    kinds = sorted({key.kind for key in owned})
    answers = await asyncio.gather(
        *(kind_of(k).driver.observe(view, (), [i for key, i in owned.items() if key.kind == k]) for k in kinds)
    )
    found: dict[Key, Live] = {}
    for kind, lives in zip(kinds, answers, strict=True):
        for live in lives:
            for key, item in owned.items():
                mine = sighting(kind_of(kind), live, item, application).owner is Owner.OURS
                other = live.mark is not None and live.mark.uid != item.uid
                if key.kind == kind and is_same(live, item) and mine and not other:
                    found[key] = replace(live, key=key)
    return found


def left(stale: Mapping[Key, Owned]) -> tuple[str, ...]:
    if not stale:
        return ()
    listed = ", ".join(str(key) for key in sorted(stale)[:5]) + (" …" if len(stale) > 5 else "")
    return (f"owned, and in no manifest any more: {listed} (--prune deletes)",)
