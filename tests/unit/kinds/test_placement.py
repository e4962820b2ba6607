"""Where a new guest goes: pure choices over nodes as they could be."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds._placement import Candidate, NoPlace, Placement, Wish, candidates, choose

GIB = 1 << 30


def mostly(what: frozenset[str]) -> st.SearchStrategy[frozenset[str]]:
    """Sets that are often whole: where nothing ever fits, nothing is tried."""
    return st.one_of(st.just(what), st.just(what), st.sampled_from([frozenset(), *(frozenset({one}) for one in what)]))


STORAGES, BRIDGES = frozenset({"fast", "slow"}), frozenset({"vmbr0", "vmbr1"})
nodes = st.lists(
    st.builds(
        Candidate,
        node=st.sampled_from("abcdef"),
        memory_mib=st.integers(32768, 65536),
        promised_mib=st.integers(0, 40000),
        tags=st.frozensets(st.sampled_from(["db", "web"])),
        storages=mostly(STORAGES),
        bridges=mostly(BRIDGES),
        guests=st.integers(0, 20),
        cpus=st.integers(0, 8),
        free=st.dictionaries(st.sampled_from(["fast", "slow"]), st.integers(0, 100)),
        shunned=st.one_of(st.just(frozenset[str]()), st.just(frozenset({"db"}))),
    ),
    max_size=6,
    unique_by=lambda node: node.node,
)
wishes = st.builds(
    Wish,
    name=st.just("VirtualMachine default/x"),
    memory_mib=st.integers(16, 16384),
    storages=st.frozensets(st.sampled_from(["fast", "slow"])),
    bridges=st.frozensets(st.sampled_from(["vmbr0", "vmbr1"])),
    tags=st.frozensets(st.sampled_from(["db", "web"])),
    cores=st.integers(0, 4),
    room=st.dictionaries(st.sampled_from(["fast", "slow"]), st.integers(0, 50)),
    barred=st.dictionaries(st.sampled_from("abcdef"), st.just("is in maintenance mode"), max_size=2),
    spread=st.sampled_from(["", "spread", "binpack", "together", "apart"]),
    siblings=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=2),
    placement=st.builds(
        Placement,
        policy=st.sampled_from(["spread", "binpack", None]),
        nodes=st.none() | st.just(["a", "b", "c", "d"]),
        affinity=st.none() | st.just(["web"]),
        antiAffinity=st.none() | st.just(["db"]),
    ),
)


def fits(wish: Wish, node: Candidate) -> bool:
    """Said otherwise than the code does: everything that must hold of a node."""
    placement = wish.placement
    return all(
        (
            wish.storages <= node.storages,
            wish.bridges <= node.bridges,
            not set(placement.anti_affinity or ()) & node.tags,
            not wish.tags & node.shunned,
            not placement.nodes or node.node in placement.nodes,
            node.promised_mib + wish.memory_mib <= node.memory_mib,
            node.cpus == 0 or wish.cores <= node.cpus,
            all(size <= node.free[name] for name, size in wish.room.items() if name in node.free),
            node.node not in wish.barred,
            wish.spread != "apart" or not wish.siblings.get(node.node),
        )
    )


@given(wishes, nodes)
def test_the_chosen_node_fits_and_without_one_the_reasons_are_told(wish: Wish, there: list[Candidate]) -> None:
    possible = {node.node for node in there if fits(wish, node)}
    if not possible:
        with pytest.raises(NoPlace) as refused:
            choose(wish, there)
        assert all(f"{node.node} " in refused.value.message for node in there)
        return
    chosen = choose(wish, there)
    assert chosen.node in possible
    assert {chosen.node, *chosen.others} == possible
    assert chosen.unfit.keys() == {node.node for node in there} - possible, "each of the others with its reason"
    assert all(chosen.unfit.values())
    assert f"on {chosen.node}: " in str(chosen)
    beside = {node.node for node in there if node.node in possible and set(wish.placement.affinity or ()) & node.tags}
    assert not beside or chosen.node in beside


@given(wishes, nodes, st.randoms(use_true_random=False))
def test_the_choice_depends_on_nothing_but_the_nodes(wish: Wish, there: list[Candidate], chance: random.Random) -> None:
    def outcome(nodes: list[Candidate]) -> object:
        try:
            return choose(wish, nodes)
        except NoPlace as error:
            return error.message

    shuffled = list(there)
    chance.shuffle(shuffled)
    assert outcome(shuffled) == outcome(there)


@given(st.integers(1, 8), st.integers(0, 40))
def test_alike_guests_are_spread_evenly_over_alike_nodes(nodes: int, guests: int) -> None:
    rows = [row(f"n{number}", 64) for number in range(nodes)]
    promised: dict[str, list[Wish]] = {}
    for _ in range(guests):
        wish = Wish("x", 256)
        promised.setdefault(choose(wish, candidates(rows, promised)).node, []).append(wish)
    counts = [len(promised.get(f"n{number}", ())) for number in range(nodes)]
    assert max(counts) - min(counts) <= 1


def row(node: str, memory_gib: int = 8) -> dict[str, object]:
    return {"type": "node", "node": node, "status": "online", "maxmem": memory_gib * GIB}


def test_spread_takes_the_emptiest_and_binpack_the_fullest_that_fits() -> None:
    rows = [row("a"), row("b"), {"type": "qemu", "node": "a", "vmid": 100, "maxmem": 4 * GIB}]
    there = candidates(rows)
    assert choose(Wish("x", 1024), there).node == "b"
    assert choose(Wish("x", 1024, placement=Placement(policy="binpack")), there).node == "a"
    assert choose(Wish("x", 5 * 1024, placement=Placement(policy="binpack")), there).node == "b"


def test_guests_that_are_only_planned_count() -> None:
    first = Wish("first", 1024, tags=frozenset({"db"}))
    second = Wish("second", 1024, placement=Placement(antiAffinity=["db"], policy="binpack"))
    assert choose(second, candidates([row("a"), row("b")], {"a": [first]})).node == "b"


def test_templates_and_nodes_that_are_down_do_not_count() -> None:
    rows = [
        row("a"),
        {**row("b"), "status": "offline"},
        {"type": "qemu", "node": "a", "maxmem": 8 * GIB, "template": 1},
    ]
    there = candidates(rows)
    assert [(node.node, node.promised_mib) for node in there] == [("a", 0)]


def storage(node: str, name: str, free_gib: int, **more: object) -> dict[str, object]:
    total = {"maxdisk": 100 * GIB, "disk": (100 - free_gib) * GIB}
    return {"type": "storage", "node": node, "storage": name, "status": "available", **total, **more}


def test_a_disk_needs_room_and_thick_volumes_take_theirs_at_once() -> None:
    rows = [row("a"), row("b"), storage("a", "fast", 10), storage("b", "fast", 40)]
    wish = Wish("x", 64, frozenset({"fast"}), room={"fast": 30 * GIB}, placement=Placement(policy="binpack"))
    chosen = choose(wish, candidates(rows))
    assert (chosen.node, dict(chosen.unfit)) == ("b", {"a": "has 10.0 GiB left on fast"})
    assert choose(wish, candidates(rows, {"b": [wish]})).node == "b", "a thin volume takes room as it fills up"
    with pytest.raises(NoPlace, match=r"b has 10\.0 GiB left on fast"):
        choose(wish, candidates(rows, {"b": [wish]}, thick={"fast"}))


def test_the_room_of_a_shared_storage_is_the_same_wherever_its_guests_are() -> None:
    rows = [row("a"), row("b"), storage("a", "san", 40, shared=1), storage("b", "san", 40, shared=1)]
    wish = Wish("x", 64, frozenset({"san"}), room={"san": 30 * GIB})
    with pytest.raises(NoPlace, match="left on san"):
        choose(wish, candidates(rows, {"b": [wish]}, thick={"san"}))


def test_a_storage_that_is_not_active_counts_for_nothing() -> None:
    rows = [row("a"), row("b"), storage("a", "nfs", 40, status="unknown"), storage("b", "nfs", 40)]
    assert choose(Wish("x", 64, frozenset({"nfs"})), candidates(rows)).unfit == {"a": "has no storage nfs"}


def test_the_choice_says_why_in_a_line() -> None:
    rows = [row("a"), row("b"), row("c"), {"type": "qemu", "node": "a", "vmid": 100, "maxmem": 4 * GIB}]
    wish = Wish("x", 1024, barred={"c": "is in maintenance mode"})
    assert str(choose(wish, candidates(rows))) == "on b: emptiest of 2 (100% free); c is in maintenance mode"
    packed = Wish("x", 1024, placement=Placement(policy="binpack"))
    assert str(choose(packed, candidates(rows))) == "on a: fullest of 3 (50% free)"
    many = Wish("x", 1024, barred={f"n{number}": "is in maintenance mode" for number in range(9)})
    told = str(choose(many, candidates([row("a"), *(row(f"n{number}") for number in range(9))])))
    assert told.startswith("on a: the only one that fits (100% free); n0 is in")
    assert told.endswith("and 6 more do not fit")
