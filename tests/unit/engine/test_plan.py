"""A plan as a value: it can be compared, and it can refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxmox_mpc.engine.plan import Action, Blocked, Gate, Plan, Refusal, Step
from proxmox_mpc.engine.policies import word
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change, Key

KEY = Key("VirtualMachine", "default", "web")
MORE = Change("memory", 512, 1024, Impact.PENDING)
STEP = Step(KEY, Action.UPDATE, (MORE,), Impact.PENDING)
IDLE = Step(Key("Pool", "", "shop"), Action.NONE)


def plan(*steps: Step, **more: Any) -> Plan:
    return Plan("lab", "shop", steps, **more)


def test_a_plan_without_work_is_empty() -> None:
    assert plan(IDLE).is_empty
    assert not plan(IDLE, STEP).is_empty
    assert plan(IDLE, STEP).work == (STEP,)


@pytest.mark.parametrize(
    "other",
    [
        plan(replace(STEP, changes=(replace(MORE, old=600),))),
        plan(replace(STEP, changes=(replace(MORE, new=2048),))),
        plan(replace(STEP, impact=Impact.RESTART)),
        plan(replace(STEP, action=Action.REPLACE)),
        plan(replace(STEP, key=replace(KEY, name="db"))),
        plan(replace(STEP, choices={"node": "pve2"})),
        replace(plan(STEP), context="prod"),
        replace(plan(STEP), application="blog"),
        replace(plan(STEP), manifests="other"),
    ],
)
def test_the_hash_tells_another_effect_or_another_state(other: Plan) -> None:
    assert other.hash != plan(STEP).hash


def test_the_hash_is_the_same_for_the_same_effect() -> None:
    assert plan(STEP, IDLE).hash == plan(STEP).hash
    assert plan(replace(STEP, note="said otherwise")).hash == plan(STEP).hash


def test_a_blocked_plan_refuses_with_every_reason_and_what_to_type() -> None:
    costly = Refusal(Gate.IMPACT, "memory: costs restart", "--allow restart")
    restart = replace(STEP, impact=Impact.RESTART, refusal=costly)
    deadly = Refusal(Gate.IMPACT, "deletes its data", "--allow data-loss")
    loss = replace(STEP, key=replace(KEY, name="db"), impact=Impact.DATA_LOSS, refusal=deadly)
    others = replace(STEP, key=replace(KEY, name="old"), refusal=Refusal(Gate.OWNERSHIP, "nobody owns it", "--adopt"))
    plan(STEP).refuse_blocked()
    with pytest.raises(Blocked) as refused:
        plan(restart, loss, others).refuse_blocked()
    assert (
        "default/web: memory: costs restart (gate: impact)\n    if that is meant: --allow restart"
        in refused.value.message
    )
    assert "default/db: deletes its data" in refused.value.message
    assert refused.value.hint == "if all of it is meant: --allow data-loss --adopt"
    assert refused.value.exit_code == 6


def test_no_line_of_flags_is_shown_that_would_not_open_every_gate() -> None:
    locked = replace(STEP, refusal=Refusal(Gate.POLICY, "says no", "take the annotation away"))
    other = replace(STEP, key=replace(KEY, name="db"), refusal=Refusal(Gate.OWNERSHIP, "nobody owns it", "--adopt"))
    with pytest.raises(Blocked) as refused:
        plan(locked, other).refuse_blocked()
    assert "flags" not in refused.value.hint
    assert "--adopt" not in refused.value.hint


def test_impacts_are_written_as_they_are_asked_for() -> None:
    assert [word(impact) for impact in Impact if impact >= Impact.RESTART] == [
        "restart",
        "stop-start",
        "migrate",
        "replace",
        "data-loss",
    ]
