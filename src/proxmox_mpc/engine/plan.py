"""A plan: what would happen, at what cost, and whether it may. It is a value; it can be read, saved and refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from proxmox_mpc.engine.policies import word
from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change, Hit, Key, Live, Owned, Resource


class Action(Enum):
    """What a step does to its resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    ADOPT = "adopt"
    DELETE = "delete"
    FORGET = "forget"
    NONE = "none"


class Gate(Enum):
    """What may stand before a step."""

    IMPACT = "impact"
    OWNERSHIP = "ownership"
    POLICY = "protect"
    PROTECTION = "PVE protection"
    HOLDERS = "holders"
    DELETIONS = "mass deletion"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class Refusal:
    """Why a step may not run: the gate, the change and the reason, and what to type if it is meant."""

    gate: Gate
    why: str
    opens: str


@dataclass(frozen=True)
class Step:
    """One resource's part of a plan.

    `changes` are shown and hashed; `refusal` says why the step may not run. An `undeclared` object is taken over, and
    nothing of it counts as declared; a `secured` one is kept as it was, until it is changed. `resource` and `live` are
    what the step works from; they are not part of a saved plan, which holds the manifests instead.
    """

    key: Key
    action: Action
    changes: tuple[Change, ...] = ()
    impact: Impact = Impact.NONE
    needs: tuple[Key, ...] = ()
    note: str = ""
    refusal: Refusal | None = None
    undeclared: bool = False
    secured: bool = False
    choices: Mapping[str, Any] = field(default_factory=dict)
    resource: Resource | None = field(default=None, compare=False, repr=False)
    live: Live | None = field(default=None, compare=False, repr=False)
    owned: Owned | None = field(default=None, compare=False, repr=False)

    def is_stopped_by(self, gate: Gate) -> bool:
        """Whether this gate refused it."""
        return self.refusal is not None and self.refusal.gate is gate


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
    manifests: str = ""
    """A fingerprint of all that was declared, also of what is so already."""
    blast: tuple[Hit, ...] = ()
    """The guests that go down, move, or lose what they stand on."""
    secures: bool = False
    """Whether ways back were asked for: those of earlier runs go where all is as declared."""

    @property
    def work(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action is not Action.NONE)

    @property
    def is_empty(self) -> bool:
        return not self.work

    @property
    def blocked(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.refusal)

    @property
    def impact(self) -> Impact:
        return max((step.impact for step in self.work), default=Impact.NONE)

    def count(self, *actions: Action) -> int:
        return sum(step.action in actions for step in self.steps)

    @property
    def hash(self) -> str:
        """Of what is wanted, of the live values of every touched field, and of what is done to each object.

        Another value means that the cluster or the wish moved on.
        """
        facts = [self.context, self.application, self.manifests, *map(_facts, self.work)]
        text = json.dumps(facts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def refuse_blocked(self) -> None:
        """Raises Blocked with every step that is refused, its gate, and what opens that."""
        if not self.blocked:
            return
        refused = [(step.key, step.refusal) for step in self.blocked if step.refusal is not None]
        lines = [f"  {key}: {refusal.why} (gate: {refusal.gate.value})" for key, refusal in refused]
        hint = f"if that is meant: {refused[0][1].opens}"
        if len({refusal.opens for _, refusal in refused}) > 1:
            lines = [
                f"{line}\n    if that is meant: {each.opens}" for line, (_, each) in zip(lines, refused, strict=True)
            ]
            hint = self._all_open([refusal.opens for _, refusal in refused])
        raise Blocked("refused; nothing was changed:\n" + "\n".join(lines), hint=hint)

    def _all_open(self, opens: Sequence[str]) -> str:
        """One line that opens every gate, where each has a flag; of impacts the highest includes the others."""
        if not all(text.startswith("--") for text in opens):
            return ""
        worst = max(step.impact for step in self.blocked)
        flags = {text.split()[0]: text for text in opens}
        flags |= {"--allow": f"--allow {word(worst)}"} if "--allow" in flags else {}
        return "if all of it is meant: " + " ".join(flags.values())


def _facts(step: Step) -> Any:
    changes: Sequence[Any] = [[c.path, c.old, c.new, int(c.impact)] for c in step.changes]
    live = step.live
    # Which object it is, wherever it stands; and for what is destroyed also the state that was seen.
    identity = {name: value for name, value in live.identity.items() if name != "node"} if live else {}
    seen = live.digest if live and step.action in (Action.DELETE, Action.REPLACE) else ""
    uid = live.mark.uid if live and live.mark else ""
    facts = [str(step.key), step.action.value, changes, int(step.impact), dict(step.choices), identity, uid, seen]
    return [*facts, "secured"] if step.secured else facts
