"""What stands before a change, and what opens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from proxmox_mpc.engine import gates, policies
from proxmox_mpc.engine.plan import Action, Blocked, Gate, Plan, Step
from proxmox_mpc.errors import InvalidInput, MpcError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change, Key, Live, Owned, Resource
from proxmox_mpc.kinds._mark import Mark

VM = find_kind("vm")
KEY = Key("VirtualMachine", "default", "web")
DISK = Change("disks.scsi1", "local-lvm 2G", None, Impact.STOP_START, detaches=True)
MORE = Change("memory", 512, 1024, Impact.RESTART)


def live(**fields: Any) -> Live:
    return Live(KEY, {"vmid": 100, "node": "pve1"}, fields)


def declared(annotations: Mapping[str, str]) -> Resource:
    def wrong(name: str, message: str, hint: str) -> MpcError:
        return InvalidInput(f"{name}: {message}", hint=hint)

    fields = policies.fields_of(annotations, wrong)
    return Resource(KEY, VM.model.model_construct(), fields, annotations=annotations)


def owned(fields: Mapping[str, Any]) -> Owned:
    return Owned(KEY, "u", "shop", {"vmid": 100}, dict(fields))


def update(*changes: Change, **more: Any) -> Step:
    worst = max((change.impact for change in changes), default=Impact.NONE)
    return Step(KEY, Action.UPDATE, changes, worst, live=live(), **more)


@pytest.mark.parametrize("impact", [impact for impact in Impact if impact >= Impact.RESTART])
def test_what_costs_more_than_was_allowed_says_which_change_and_the_exact_flag(impact: Impact) -> None:
    step = update(MORE, Change("cpu.type", "host", "kvm64", impact))
    refused = gates.impact(step, Impact(impact - 1)).refusal
    assert refused is not None
    assert refused.gate is Gate.IMPACT
    assert "cpu.type" in refused.why or impact is Impact.RESTART
    assert refused.opens == f"--allow {policies.word(impact)}"
    assert gates.impact(step, impact).refusal is None


PROTECTED = {policies.PROTECT: "true"}


@pytest.mark.parametrize(
    "step",
    [
        Step(KEY, Action.DELETE, impact=Impact.DATA_LOSS, live=live(), owned=owned({"metadata.protect": True})),
        Step(KEY, Action.REPLACE, (MORE,), Impact.DATA_LOSS, live=live(), resource=declared(PROTECTED)),
        update(DISK, resource=declared(PROTECTED)),
        update(replace(MORE, impact=Impact.DATA_LOSS), resource=declared(PROTECTED)),
    ],
)
def test_what_is_protected_is_not_destroyed_by_any_flag(step: Step) -> None:
    refused = gates.lasting(VM, step)
    assert refused.is_stopped_by(Gate.POLICY)
    with pytest.raises(Blocked, match=r"proxmox\.io/protect") as error:
        Plan("lab", "shop", (refused,), Impact.DATA_LOSS).refuse_blocked()
    assert "--allow" not in str(error.value) + error.value.hint


def test_what_is_protected_may_change_and_restart() -> None:
    assert gates.lasting(VM, update(MORE, resource=declared(PROTECTED))).refusal is None


def test_pves_own_protection_is_seen_in_the_plan() -> None:
    guarded = live(protection=True)
    off = Change("protection", True, False)
    assert gates.lasting(VM, replace(update(DISK), live=guarded)).is_stopped_by(Gate.PROTECTION)
    assert gates.lasting(VM, replace(update(DISK, off), live=guarded)).refusal is None
    for action in (Action.DELETE, Action.REPLACE):
        step = Step(KEY, action, (off,), Impact.DATA_LOSS, live=guarded)
        assert gates.lasting(VM, step).is_stopped_by(Gate.PROTECTION)


def deletions(count: int) -> list[Step]:
    return [Step(replace(KEY, name=f"web-{n}"), Action.DELETE, live=live()) for n in range(count)]


@pytest.mark.parametrize(("owned", "goes"), [(0, 3), (4, 3), (12, 3), (20, 6), (1000, 10)])
def test_a_share_of_what_is_owned_may_go_without_a_word(owned: int, goes: int) -> None:
    assert gates.share(owned) == goes


@pytest.mark.parametrize("most", [0, 3, 40])
def test_more_deletions_that_nobody_named_are_refused(most: int) -> None:
    assert not any(step.refusal for step in gates.deletions(deletions(most), most))
    too_many = gates.deletions([*deletions(most + 1), update(MORE)], most)
    assert [step.is_stopped_by(Gate.DELETIONS) for step in too_many] == [True] * (most + 1) + [False]
    assert too_many[0].refusal is not None
    assert too_many[0].refusal.opens == f"--max-deletions {most + 1}"


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({"proxmox.io/protected": "true"}, "did you mean proxmox.io/protect?"),
        ({"proxmox.io/protect": "yes"}, "known: true, false"),
        ({"proxmox.io/deletion-policy": "keep"}, "known: delete, retain"),
        ({"proxmox.io/allow": "everything"}, "known: restart, stop-start, migrate, replace, data-loss"),
    ],
)
def test_a_misspelt_policy_is_refused(annotations: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput) as error:
        declared(annotations)
    assert error.value.hint == says


def test_others_annotations_are_left_alone() -> None:
    assert declared({"example.com/team": "blue"}).fields == {}


def test_a_protection_that_was_just_taken_away_still_holds_for_this_plan() -> None:
    before = owned({"metadata.protect": True})
    assert gates.lasting(VM, update(DISK, resource=declared({}), owned=before)).is_stopped_by(Gate.POLICY)
    assert gates.lasting(VM, update(MORE, resource=declared({}), owned=before)).refusal is None


def test_the_mark_alone_protects_where_the_store_knows_nothing() -> None:
    marked = replace(live(), mark=Mark("u", "shop", KEY, 100, ("protect",)))
    assert gates.lasting(VM, Step(KEY, Action.DELETE, impact=Impact.DATA_LOSS, live=marked)).is_stopped_by(Gate.POLICY)


def test_replacements_with_their_data_count_as_deletions() -> None:
    replaced = [replace(step, action=Action.REPLACE, impact=Impact.DATA_LOSS) for step in deletions(4)]
    assert all(step.is_stopped_by(Gate.DELETIONS) for step in gates.deletions(replaced, 3))
