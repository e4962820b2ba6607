"""What cannot be destroyed as long as something else holds it: a guest that high availability keeps, a cloned base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from proxmox_mpc.engine.plan import Action, Gate, Refusal, Step
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._view import View


async def without_held(view: View, kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> list[Step]:
    """These steps; what is destroyed comes after what holds it, and is refused where that does not go with it."""
    going = {step.key for step in steps if step.action is Action.DELETE}
    done = []
    for step in steps:
        is_destroyed = step.action in (Action.DELETE, Action.REPLACE) and not (
            step.refusal and step.refusal.gate is Gate.OWNERSHIP
        )
        if is_destroyed and step.live is not None:
            holders = await kind_of(step.key.kind).held_by(view, step.live)
            if held := tuple(key for key in holders if key not in going):
                names = "; ".join(f"proxmox-cli delete {key.kind.lower()} {key.name}" for key in sorted(held))
                why = f"is held by {', '.join(map(str, held))}"
                step = replace(step, refusal=Refusal(Gate.HOLDERS, why, f"delete that first, or with it: {names}"))
            step = replace(step, needs=(*step.needs, *(key for key in holders if key in going)))
        done.append(step)
    return done
