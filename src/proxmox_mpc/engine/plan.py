"""A plan: what would happen, at what cost, and whether it may. It is a value; it can be read, saved and refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change, Key, Live, Owned, Resource


class Action(Enum):
    """What a step does to its resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    ADOPT = "adopt"
    DELETE = "delete"
    FORGET = "forget"
    NONE = "none"


@dataclass(frozen=True)
class Step:
    """One resource's part of a plan.

    `changes` are shown and hashed; `blocked` says why the step may not run, `held` what has to go before. An
    `undeclared` object is taken over, and nothing of it counts as declared. `resource` and `live` are what the step
    works from; they are not part of a saved plan, which holds the manifests instead.
    """

    key: Key
    action: Action
    changes: tuple[Change, ...] = ()
    impact: Impact = Impact.NONE
    needs: tuple[Key, ...] = ()
    note: str = ""
    blocked: str = ""
    foreign: bool = False
    unowned: bool = False
    undeclared: bool = False
    held: tuple[Key, ...] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    resource: Resource | None = field(default=None, compare=False, repr=False)
    live: Live | None = field(default=None, compare=False, repr=False)
    owned: Owned | None = field(default=None, compare=False, repr=False)


class Blocked(RefusedError):
    """The plan holds changes that were not allowed; nothing was changed."""

    code = "plan.blocked"


@dataclass(frozen=True)
class Plan:
    """An ordered graph of steps for one application on one context."""

    context: str
    application: str
    steps: tuple[Step, ...]
    allow: Impact = Impact.PENDING
    notes: tuple[str, ...] = ()

    @property
    def work(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action is not Action.NONE)

    @property
    def is_empty(self) -> bool:
        return not self.work

    @property
    def blocked(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.blocked)

    @property
    def impact(self) -> Impact:
        return max((step.impact for step in self.work), default=Impact.NONE)

    def count(self, *actions: Action) -> int:
        return sum(step.action in actions for step in self.steps)

    @property
    def hash(self) -> str:
        """The same for the same effect on the same state; another value means that the cluster or the wish moved on."""
        text = json.dumps([self.context, self.application, *map(_facts, self.work)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def refuse_blocked(self) -> None:
        """Raises Blocked with every reason, and with what to type to go on."""
        if not self.blocked:
            return
        reasons = "\n".join(f"  {step.key}: {step.blocked}" for step in self.blocked)
        worst = max(step.impact for step in self.blocked)
        hint = f"if that is meant: --allow {word(worst)}"
        if any(step.foreign for step in self.blocked):
            hint = "apply it as that application: --app NAME"
        elif any(step.unowned for step in self.blocked):
            hint = "take ownership first: --adopt"
        elif held := sorted({key for step in self.blocked for key in step.held}):
            commands = "; ".join(f"proxmox-cli delete {key.kind.lower()} {key.name}" for key in held)
            hint = f"delete that first, or with it: {commands}"
        raise Blocked(f"refused; nothing was changed:\n{reasons}", hint=hint)


def word(impact: Impact) -> str:
    """The impact as it is written after `--allow`."""
    return impact.name.lower().replace("_", "-")


def _facts(step: Step) -> Any:
    changes: Sequence[Any] = [[c.path, c.old, c.new, int(c.impact)] for c in step.changes]
    live = step.live
    # Which object it is, wherever it stands; and for what is destroyed also the state that was seen.
    identity = {name: value for name, value in live.identity.items() if name != "node"} if live else {}
    seen = live.digest if live and step.action in (Action.DELETE, Action.REPLACE) else ""
    uid = live.mark.uid if live and live.mark else ""
    return [str(step.key), step.action.value, changes, int(step.impact), dict(step.choices), identity, uid, seen]
