"""Any valid spec of any kind: applied it plans to nothing, and what was there before leaves no trace.

Specs are drawn from a kind's case: any of its optional fields, each with any of the values that the case knows.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from proxmox_mpc.actions._writing_down import written_down
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Key, Live
from tests.integration.test_every_kind import Case, cases
from tests.lab import Lab, lab

# One example is four applies on two clusters; all kinds together are to take seconds in `make test`.
EXAMPLES = max(2, settings.default.max_examples // 10) if settings.default else 2

# A failing example is small enough: to make it smaller would take minutes.
PHASES = (Phase.explicit, Phase.generate)


def specs(case: Case) -> st.SearchStrategy[dict[str, Any]]:
    """Specs of a case: the required fields, and any of the others, with the case's values or its changed ones."""

    @st.composite
    def drawn(draw: st.DrawFn) -> dict[str, Any]:
        spec = copy.deepcopy(case.spec)
        for path in case.changes:
            if draw(st.booleans()):
                spec = Case.with_value(spec, path, case.changes[path])
        optional = [name for name in case.spec if name not in case.kept]
        gone = draw(st.sets(st.sampled_from(optional))) if optional else set()
        return {name: value for name, value in spec.items() if name not in gone}

    return drawn()


async def settle(it: Lab, case: Case, spec: dict[str, Any] | None) -> None:
    await it.apply(case.text(spec), prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
    plan = await it.plan(case.text(spec), prune=True)
    assert plan.is_empty, [(step.key, step.action, step.changes) for step in plan.work]


async def it_itself(it: Lab, case: Case, before: dict[Key, Fields]) -> Live:
    """The object of the case: the one of its name, or, where the cluster gives names, the one that is new."""
    lives = await it.lives(case.kind)
    named = [live for live in lives if live.key.name == case.name]
    found = named or [live for live in lives if live.key not in before]
    # Of settings of which nothing is set, there is nothing to see.
    return found[0] if found else Live(find_kind(case.kind).key(case.name), {}, {})


async def a_life(case: Case, first: dict[str, Any], second: dict[str, Any]) -> None:
    kind = find_kind(case.kind)
    async with lab(**case.options) as it:
        await settle(it, case, None)
        before = {live.key: live.fields for live in await it.lives(case.kind)}
        await settle(it, case, first)
        await settle(it, case, second)
        changed = await it_itself(it, case, before)
        plan = await it.plan(case.text(written_down(kind, changed).get("spec", {})))
        assert plan.is_empty, ("exported", [(step.key, step.changes) for step in plan.work])
        await settle(it, case, None)
        after = {live.key: live.fields for live in await it.lives(case.kind)}
        assert after == before or case.stays
        assert not [key for key in it.journal.owned if key.kind == case.kind and key.name == case.name]
    async with lab(**case.options) as it:
        await settle(it, case, None)
        await settle(it, case, second)
        alone = await it_itself(it, case, before)
    for path in kind.schema.flatten(kind.model.model_validate(second))[0]:
        assert kind.schema.same(path, changed.fields.get(path), alone.fields.get(path)), path


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_any_spec_is_reached_from_any_other(case: Case) -> None:
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(specs(case), specs(case))
    def lives(first: dict[str, Any], second: dict[str, Any]) -> None:
        asyncio.run(a_life(case, first, second))

    lives()
