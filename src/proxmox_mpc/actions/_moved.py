"""What moved between a plan that was looked at and the plan of now, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import ChangeView, PlanView, StepView
from proxmox_mpc.engine.plan import Blocked
from proxmox_mpc.errors import UsageError

_HASH = re.compile(r"[0-9a-f]{8,64}")
SHORTEST = 8
"""So many digits of a plan's hash name it: a chance hit among a team's plans is out of the question."""
SHOWN = 12
"""Lines about what moved; more of them say no more than that much did."""


class PlanMoved(Blocked):
    """The plan that was agreed to is not the plan of now; nothing was changed."""

    code = "plan.moved"
    default_hint = "plan again, look at it, and agree to that one"


async def refuse_moved(session: Session, agreed: str, now: PlanView) -> None:
    """Raises PlanMoved, where another plan was agreed to than this one; with what moved, if that one is remembered."""
    if not agreed or (len(agreed) >= SHORTEST and now.hash.startswith(agreed)):
        return
    if not _HASH.fullmatch(agreed):
        raise UsageError(
            f"{agreed!r} is no plan's hash", hint=f"at least {SHORTEST} of its digits, as `plan` shows them"
        )
    message = f"plan {agreed[:12]} was agreed to and has moved on, it is {now.hash[:12]} now; nothing was changed"
    before = await (await session.store()).plans.find(agreed)
    if before is None:
        raise PlanMoved(f"{message} (that plan is not remembered here, so what moved cannot be shown)")
    lines = moved(PlanView.model_validate(before.content), now)
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    raise PlanMoved("\n".join([f"{message}. What moved since:", *(f"  {line}" for line in lines[:SHOWN]), *more]))


def moved(before: PlanView, now: PlanView) -> list[str]:
    """One line for each step and change that is other than it was."""
    old, new = ({_name(step): step for step in plan.steps} for plan in (before, now))
    lines = [f"{name}: {old[name].action} is not needed any more" for name in old if name not in new]
    lines += [f"{name}: {new[name].action} is needed now" for name in new if name not in old]
    for name in (name for name in old if name in new):
        lines += [f"{name}: {line}" for line in _moved(old[name], new[name])]
    if not lines:
        lines = ["an object itself, or what is declared, in a part that no plan shows"]
    return lines


def _moved(old: StepView, new: StepView) -> list[str]:
    lines = [f"{old.action} became {new.action}"] if old.action != new.action else []
    before, now = ({change.path: change for change in step.changes} for step in (old, new))
    lines += [f"{path} is as wished by now" for path in before if path not in now]
    lines += [f"{path} differs now: {_value(now[path].old)}" for path in now if path not in before]
    for path in (path for path in before if path in now):
        was, is_ = before[path], now[path]
        for what, one, other in _parts(was, is_):
            if one != other:
                lines.append(f"{path}: {what} {_value(one)}, is {_value(other)} now")
    if not lines and old.note != new.note:
        lines.append(f"was: {old.note or 'nothing'}; is: {new.note or 'nothing'}")
    return lines


def _parts(was: ChangeView, is_: ChangeView) -> list[tuple[str, Any, Any]]:
    return [("was", was.old, is_.old), ("was to become", was.new, is_.new), ("cost was", was.impact, is_.impact)]


def _name(step: StepView) -> str:
    return f"{step.kind} {step.namespace}/{step.name}" if step.namespace else f"{step.kind} {step.name}"


def _value(value: Any) -> str:
    return "nothing" if value is None or isinstance(value, Mapping) else str(value)
