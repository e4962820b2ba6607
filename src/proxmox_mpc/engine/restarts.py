"""What was written before and waits for a restart: a plan says so, and where restarts are allowed it is part of it."""

from __future__ import annotations

from dataclasses import replace

from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Kind


def with_what_waits(kind: Kind, step: Step, application: str, allow: Impact) -> Step:
    """The step, with the restart that earlier changes of its object wait for, or with a note that they do."""
    owned, live = step.owned, step.live
    if live is None or step.action not in (Action.NONE, Action.UPDATE) or step.refusal:
        return step
    if owned is None or owned.applied is None or owned.application != application:
        return step
    paths = {change.path for change in step.changes}
    left = [change for change in kind.driver.waiting(live) if change.path not in paths]
    if not left or "state" in paths:
        return step  # a guest that is stopped or started takes it all up anyway
    if allow < Impact.RESTART:
        keys = ", ".join(sorted({key for change in left for key in change.waits}))
        note = f"waits for a restart since an earlier change: {keys} (--allow restart)"
        return replace(step, note=", ".join(filter(None, [step.note, note])))
    note = "already written"
    rolled = (replace(change, impact=Impact.RESTART, note=note) for change in left)
    impact = max(step.impact, Impact.RESTART)
    return replace(step, action=Action.UPDATE, changes=(*step.changes, *rolled), impact=impact)
