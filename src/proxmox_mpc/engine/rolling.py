"""Sets change a few replicas at a time: what takes one down waits until an earlier one is up again.

It is an order between steps and nothing more. Of the replicas that go down, each needs the one that stands `at_once`
places before it: so never more than that many are down, also when one of them fails, for then nothing follows it. What
is missing or down already comes up first. And as it is in the plan, a killed change goes on where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.kinds._membership import Membership


def rolling(steps: Sequence[Step]) -> list[Step]:
    """These steps, with those of each set that take replicas down in an order."""
    sets: defaultdict[Key, list[tuple[Membership, Step]]] = defaultdict(list)
    for step in steps:
        member = step.resource.member if step.resource is not None else None
        if member is not None and step.action not in (Action.NONE, Action.ADOPT):
            sets[member.set].append((member, step))
    waits: dict[Key, tuple[Key, ...]] = {}
    for members in sets.values():
        first = [step.key for _, step in members if _is_down(step)]
        down = sorted(
            (member.rank, step.key, member.at_once)
            for member, step in members
            if step.impact >= Impact.RESTART and not _is_down(step)
        )
        for place, (_, key, at_once) in enumerate(down):
            waits[key] = (*first, *([down[place - at_once][1]] if place >= at_once else ()))
    return [replace(step, needs=(*step.needs, *waits.get(step.key, ()))) for step in steps]


def _is_down(step: Step) -> bool:
    """Whether the replica is not there, or does not run."""
    return step.action is Action.CREATE or (step.live is not None and step.live.facts.get("status") == "stopped")
