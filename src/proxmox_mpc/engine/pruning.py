"""What goes: what is deleted by name, and what an application owns and does not declare any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from proxmox_mpc.engine.observe import Owner, is_same, sighting
from proxmox_mpc.engine.order import deletion_edges
from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import SET, Key, Kind, Live, Owned
from proxmox_mpc.kinds._view import View


def deletion(kind: Kind, live: Live, owned: Owned | None, needs: tuple[Key, ...]) -> Step:
    """The step that deletes an object, after those that it `needs` gone."""
    if kind.undeletable:
        return Step(live.key, Action.FORGET, owned=owned, note=f"stays: {kind.undeletable}")
    note = " ".join(
        f"{name} {value}"
        for name, value in live.identity.items()
        if str(value) not in ("", live.key.name, live.key.label)
    )
    return Step(live.key, Action.DELETE, (), kind.deletion, needs, note, live=live, owned=owned)


async def pruning(
    view: View, kind_of: Callable[[str], Kind], stale: Mapping[Key, Owned], application: str, allow: Impact
) -> list[Step]:
    """Deletions of what this application owns and no manifest names any more; ownership decides, never a name."""
    lives = await find_owned(view, kind_of, stale, application)
    before = deletion_edges(list(lives), kind_of)
    steps = [deletion(kind_of(key.kind), live, stale[key], before[key]) for key, live in lives.items()]
    return [_pruned(kind_of(step.key.kind), step, allow) for step in steps] + [
        Step(key, Action.FORGET, owned=stale[key], note="is gone already") for key in stale if key not in lives
    ]


def _pruned(kind: Kind, step: Step, allow: Impact) -> Step:
    of = ((step.owned.applied if step.owned else None) or {}).get(SET)
    note = ", ".join([f"{of} has it no more" if of else "in no manifest any more", step.note])
    if kind.marked and step.live is not None and step.live.mark is None:
        return replace(step, note=note, blocked="has lost its mark; delete it by name, if that is meant")
    if step.impact > allow and step.impact >= Impact.RESTART:
        return replace(step, note=note, blocked=f"deleting it costs {step.impact.label}")
    return replace(step, note=note)


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
