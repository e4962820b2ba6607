"""Where a new guest goes: pure choices over nodes as they could be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds._placement import Candidate, NoPlace, Placement, Wish, candidates, choose

GIB = 1 << 30
nodes = st.lists(
    st.builds(
        Candidate,
        node=st.sampled_from("abcdef"),
        memory_mib=st.integers(1024, 65536),
        promised_mib=st.integers(0, 65536),
        tags=st.frozensets(st.sampled_from(["db", "web"])),
        storages=st.frozensets(st.sampled_from(["fast", "slow"])),
        bridges=st.frozensets(st.sampled_from(["vmbr0", "vmbr1"])),
        guests=st.integers(0, 20),
    ),
    max_size=6,
    unique_by=lambda node: node.node,
)
wishes = st.builds(
    Wish,
    name=st.just("VirtualMachine default/x"),
    memory_mib=st.integers(16, 32768),
    storages=st.frozensets(st.sampled_from(["fast", "slow"])),
    bridges=st.frozensets(st.sampled_from(["vmbr0", "vmbr1"])),
    placement=st.builds(
        Placement,
        policy=st.sampled_from(["spread", "binpack", None]),
        nodes=st.none(),
        affinity=st.none() | st.just(["web"]),
        antiAffinity=st.none() | st.just(["db"]),
    ),
)


def fits(wish: Wish, node: Candidate) -> bool:
    near = set(wish.placement.anti_affinity or ()) & node.tags
    has_all = wish.storages <= node.storages and wish.bridges <= node.bridges
    return has_all and not near and node.promised_mib + wish.memory_mib <= node.memory_mib


@given(wishes, nodes)
def test_the_chosen_node_fits_and_without_one_the_reasons_are_told(wish: Wish, there: list[Candidate]) -> None:
    possible = [node for node in there if fits(wish, node)]
    if not possible:
        with pytest.raises(NoPlace) as refused:
            choose(wish, there)
        assert all(node.node in refused.value.message for node in there)
        return
    chosen = choose(wish, there)
    assert chosen in {node.node for node in possible}
    assert chosen == choose(wish, list(reversed(there))), "the order in which nodes are told makes no difference"
    beside = {node.node for node in possible if set(wish.placement.affinity or ()) & node.tags}
    assert not beside or chosen in beside


def row(node: str, memory_gib: int = 8) -> dict[str, object]:
    return {"type": "node", "node": node, "status": "online", "maxmem": memory_gib * GIB}


def test_spread_takes_the_emptiest_and_binpack_the_fullest_that_fits() -> None:
    rows = [row("a"), row("b"), {"type": "qemu", "node": "a", "vmid": 100, "maxmem": 4 * GIB}]
    there = candidates(rows)
    assert choose(Wish("x", 1024), there) == "b"
    assert choose(Wish("x", 1024, placement=Placement(policy="binpack")), there) == "a"
    assert choose(Wish("x", 5 * 1024, placement=Placement(policy="binpack")), there) == "b"


def test_guests_that_are_only_planned_count() -> None:
    first = Wish("first", 1024, tags=frozenset({"db"}))
    second = Wish("second", 1024, placement=Placement(antiAffinity=["db"], policy="binpack"))
    assert choose(second, candidates([row("a"), row("b")], {"a": [first]})) == "b"


def test_templates_and_nodes_that_are_down_do_not_count() -> None:
    rows = [
        row("a"),
        {**row("b"), "status": "offline"},
        {"type": "qemu", "node": "a", "maxmem": 8 * GIB, "template": 1},
    ]
    there = candidates(rows)
    assert [(node.node, node.promised_mib) for node in there] == [("a", 0)]
