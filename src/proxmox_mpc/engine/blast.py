"""Whom a plan disturbs: each step's kind says it, and nobody is named twice for one reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds._kind import Hit, Kind
from proxmox_mpc.kinds._view import View

TOUCHING = (Action.UPDATE, Action.REPLACE, Action.DELETE)


async def blast(view: View, kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> tuple[Hit, ...]:
    """The guests that go down, move, or lose what they stand on when these steps are carried out, worst first."""
    found = await asyncio.gather(*(_hits(view, kind_of, step) for step in steps if step.action in TOUCHING))
    hits = dict.fromkeys(hit for hits in found for hit in hits)
    down = {hit.vmid for hit in hits if hit.impact > 0}
    # Who goes down anyway is not told that the network flickers.
    return tuple(sorted((h for h in hits if h.impact > 0 or h.vmid not in down), key=lambda h: (-h.impact, h.guest)))


async def _hits(view: View, kind_of: Callable[[str], Kind], step: Step) -> Sequence[Hit]:
    kind = kind_of(step.key.kind)
    if kind.touches is None or step.live is None:
        return ()
    gone = step.action is not Action.UPDATE
    return await kind.touches(view, step.live, step.resource, step.changes, gone)
