"""When the steps of a rehearsed plan would begin, if each takes so long."""

from __future__ import annotations

from proxmox_mpc.actions._rehearsing import bad_day, starts
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.kinds._kind import Key


def key(name: str) -> Key:
    return Key("VirtualMachine", "shop", name)


def plan(**needs: tuple[str, ...]) -> Plan:
    steps = tuple(Step(key(name), Action.CREATE, needs=tuple(map(key, of))) for name, of in needs.items())
    return Plan("lab", "shop", steps)


def test_a_step_begins_when_what_it_needs_is_done() -> None:
    seconds = {key("a"): 5.0, key("b"): 3.0, key("c"): 1.0}
    begun = starts(plan(c=("a", "b"), b=("a",), a=()), seconds, {})
    assert list(begun.items()) == [(key("a"), 0.0), (key("b"), 5.0), (key("c"), 8.0)]


def test_of_many_on_one_node_four_begin_at_a_time_and_two_of_one_template() -> None:
    names = {f"g{number}": () for number in range(8)}
    seconds = {key(name): 10.0 for name in names}
    on_node = {key(name): ["node:pve1"] for name in names}
    assert sorted(starts(plan(**names), seconds, on_node).values()) == [0.0] * 4 + [10.0] * 4
    of_one = {at: [*lanes, "clone:9000"] for at, lanes in on_node.items()}
    assert max(starts(plan(**names), seconds, of_one).values()) == 30.0
    assert set(starts(plan(**names), seconds, {}).values()) == {0.0}


def test_a_bad_day_is_the_same_for_its_seed() -> None:
    days = [bad_day(seed, plan(a=()), ["pve1", "pve2", "pve3"], ["local"]) for seed in range(50)]
    assert days == [bad_day(seed, plan(a=()), ["pve1", "pve2", "pve3"], ["local"]) for seed in range(50)]
    assert {len(day) for day in days} == {1, 2, 3}
    assert not any(
        "node_down" in fault for seed in range(50) for fault in bad_day(seed, plan(a=()), ["pve1", "pve2"], [])
    )
