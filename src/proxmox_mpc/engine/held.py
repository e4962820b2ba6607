"""What cannot be deleted as long as something else holds it: a guest that high availability keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds._kind import Key, Kind


def without_held(kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> list[Step]:
    """These steps; a deletion is refused where something holds the object and does not go with it."""
    going = {step.key for step in steps if step.action is Action.DELETE}
    done = []
    for step in steps:
        live = step.live if step.action is Action.DELETE and not step.blocked else None
        holders = kind_of(step.key.kind).held_by(live) if live is not None else ()
        held = [key for key in holders if key not in going]
        done.append(held_back(step, held) if held else step)
    return done


def held_back(step: Step, held: Sequence[Key]) -> Step:
    """A step that cannot be, as long as these hold the object."""
    return replace(step, blocked=f"is held by {', '.join(map(str, held))}", held=tuple(held))
