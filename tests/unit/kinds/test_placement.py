"""Where a new guest goes when its manifest names no node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds._placement import Candidate, NoPlace, Placement, Wish, candidates, choose

STORAGES = frozenset({"local-lvm"})


def node(name: str, promised: int = 0, memory: int = 8192, **more: Any) -> Candidate:
    return Candidate(name, memory, promised, **{"storages": STORAGES, **more})


def wish(**placement: Any) -> Wish:
    return Wish("VirtualMachine default/web", 1024, STORAGES, Placement(**placement))


def test_spread_takes_the_emptiest_and_binpack_the_fullest_that_fits() -> None:
    nodes = [node("a", 2048), node("b", 1024), node("c", 7680)]
    assert choose(wish(), nodes) == "b"
    assert choose(wish(policy="spread"), nodes) == "b"
    assert choose(wish(policy="binpack"), nodes) == "a", "c is fuller, and too full"


def test_shares_count_not_megabytes() -> None:
    assert choose(wish(), [node("big", 16384, 65536), node("small", 1024, 2048)]) == "big"


def test_equal_nodes_are_taken_by_guests_and_then_by_name() -> None:
    assert choose(wish(), [node("b"), node("a")]) == "a"
    assert choose(wish(), [node("b"), node("a", guests=1)]) == "b"


def test_friends_come_together_and_rivals_apart() -> None:
    nodes = [node("a", tags=frozenset({"db"})), node("b", 4096, tags=frozenset({"web"})), node("c", 2048)]
    assert choose(wish(affinity=["web"]), nodes) == "b"
    assert choose(wish(antiAffinity=["db"]), nodes) == "c"
    assert choose(wish(affinity=["cache"]), nodes) == "a", "a friend that is nowhere binds nobody"


def test_only_named_nodes_are_asked() -> None:
    assert choose(wish(nodes=["c", "b"]), [node("a"), node("b", 2048), node("c", 1024)]) == "c"


def test_no_place_says_why_for_each_node() -> None:
    nodes = [
        node("a", 8000),
        node("b", storages=frozenset()),
        node("c", tags=frozenset({"db"})),
        node("d"),
    ]
    with pytest.raises(NoPlace) as refused:
        choose(wish(antiAffinity=["db"], nodes=["a", "b", "c"]), nodes)
    for reason in (
        "a has 192 MiB of 8192 MiB left",
        "b has no storage local-lvm",
        "c runs a guest tagged db",
        "d not among placement.nodes",
    ):
        assert reason in refused.value.message
    assert refused.value.exit_code == 6
    with pytest.raises(NoPlace, match="no node is online"):
        choose(wish(), [])


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9000)), min_size=1, unique_by=lambda pair: pair[0]),
    st.sampled_from(["spread", "binpack"]),
    st.randoms(),
)
def test_the_choice_fits_and_does_not_hang_on_the_order(loads: list[tuple[str, int]], policy: str, chance: Any) -> None:
    nodes = [node(name, promised) for name, promised in loads]
    try:
        chosen = choose(wish(policy=policy), nodes)
    except NoPlace:
        assert all(n.promised_mib + 1024 > n.memory_mib for n in nodes)
        return
    found = next(n for n in nodes if n.node == chosen)
    assert found.promised_mib + 1024 <= found.memory_mib
    chance.shuffle(nodes)
    assert choose(wish(policy=policy), nodes) == chosen


GIB = 1 << 30
ROWS = [
    {"type": "node", "node": "a", "status": "online", "maxmem": 8 * GIB},
    {"type": "node", "node": "b", "status": "offline", "maxmem": 8 * GIB},
    {"type": "qemu", "node": "a", "vmid": 100, "maxmem": 2 * GIB, "tags": "web;prod"},
    {"type": "lxc", "node": "a", "vmid": 101, "maxmem": GIB},
    {"type": "qemu", "node": "a", "vmid": 9000, "maxmem": GIB, "template": 1},
    {"type": "storage", "node": "a", "storage": "local"},
    {"type": "storage", "node": "b", "storage": "nas"},
]


def test_candidates_are_the_online_nodes_with_what_their_guests_were_promised() -> None:
    [found] = candidates(ROWS)
    assert found == Candidate("a", 8192, 3072, frozenset({"web", "prod"}), frozenset({"local"}), 2)


def test_what_is_planned_counts_as_if_it_were_there() -> None:
    [found] = candidates(ROWS, {"a": [1024, 512]})
    assert found == replace(candidates(ROWS)[0], promised_mib=4608, guests=4)
