"""What stands before a change: each gate looks at one step and may refuse it. Pure; who opens a gate says so by a flag.

No gate knows another: the first one that refuses is the one that is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from proxmox_mpc.engine import policies
from proxmox_mpc.engine.plan import Action, Gate, Refusal, Step
from proxmox_mpc.engine.policies import Policies, word
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Key, Kind

DELETIONS_SHARE, DELETIONS_FEW, DELETIONS_MANY = 0.3, 3, 10
"""Of what an application owns, a manifest that lacks something may delete this share; few always, many never."""


def other_owner(application: str) -> Refusal:
    """The object is another application's."""
    flag = f"apply it as that application: --app {application}" if application else "apply it as that application"
    return Refusal(Gate.OWNERSHIP, f"belongs to application {application!r}", flag)


NOBODYS = Refusal(Gate.OWNERSHIP, "exists already and nobody owns it", "--adopt")


def impact(step: Step, allow: Impact) -> Step:
    """What costs more than was allowed; a deletion counts like a change."""
    if step.refusal or step.impact <= allow or step.impact < Impact.RESTART:
        return step
    if step.action is Action.DELETE:
        why = f"deleting it costs {step.impact.label}"
    else:
        worst = max(step.changes, key=lambda change: change.impact)
        replaced = step.action is Action.REPLACE
        cost = "needs a new object and destroys the old one's data" if replaced else f"costs {step.impact.label}"
        why = f"{worst.path}: {cost}"
    return replace(step, refusal=Refusal(Gate.IMPACT, why, f"--allow {word(step.impact)}"))


def lasting(kind: Kind, step: Step) -> Step:
    """What a policy or PVE itself protects: no flag opens that, it has to be taken away where it was said."""
    costs = step.refusal is None or step.is_stopped_by(Gate.IMPACT)  # a flag must not lead to the next shut gate
    if not costs or step.live is None or step.action not in (Action.DELETE, Action.REPLACE, Action.UPDATE):
        return step
    destroyed = step.action is not Action.UPDATE
    taken = next((c for c in step.changes if c.detaches or c.impact is Impact.DATA_LOSS), None)
    if not destroyed and taken is None:
        return step
    what = "it would be destroyed" if destroyed or taken is None else f"{taken.path} would be taken off"
    # Also where the manifest has just taken it away: who protects something wants two steps before it goes.
    if any(Policies.of(said, step.owned, step.live).protected for said in (step.resource, None)):
        opens = f"take the annotation {policies.PROTECT} away, and apply that first"
        return replace(
            step, refusal=Refusal(Gate.POLICY, f"{what}, and its annotation {policies.PROTECT} says no", opens)
        )
    if reason := kind.guard(step.live, () if destroyed else step.changes):
        return replace(
            step,
            refusal=Refusal(
                Gate.PROTECTION, f"{what}, and {reason}", "set spec.protection: false, and apply that first"
            ),
        )
    return step


def share(owned: int) -> int:
    """How many of so many owned objects may go without a word."""
    return min(DELETIONS_MANY, max(DELETIONS_FEW, int(owned * DELETIONS_SHARE)))


def deletions(steps: Sequence[Step], most: int, asked_for: Collection[Key] = ()) -> list[Step]:
    """A plan that deletes much that nobody named is likelier a mistake than a wish; `asked_for` are those that are.

    An empty folder, a wrong branch, a failed download, a selector with a slip look like that.
    """
    going = [step for step in steps if _loses(step) and not (step.refusal or step.key in asked_for)]
    if len(going) <= most:
        return list(steps)
    why = f"{len(going)} objects would be deleted or replaced that nobody named to be, more than {most}"
    refusal = Refusal(Gate.DELETIONS, why, f"--max-deletions {len(going)}")
    return [replace(step, refusal=refusal) if step in going else step for step in steps]


def _loses(step: Step) -> bool:
    """Whether an object goes: also one that is replaced, for its data goes with it."""
    return step.action is Action.DELETE or (step.action is Action.REPLACE and step.impact is Impact.DATA_LOSS)
