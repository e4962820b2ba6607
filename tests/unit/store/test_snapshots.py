from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.store import Store
from proxmox_mpc.store.snapshots import checksum_of
from tests.unit.store.conftest import FakeNow

A, B = {"name": "a", "cores": 2}, {"name": "b", "cores": 4}


async def test_only_changes_are_kept(store: Store, now: FakeNow) -> None:
    assert [s.change for s in await store.snapshots.record("home", "guest", {"100": A, "101": B})] == ["discovered"] * 2
    assert await store.snapshots.record("home", "guest", {"100": dict(reversed(A.items())), "101": B}) == []
    now.pass_(minutes=1)
    [changed] = await store.snapshots.record("home", "guest", {"100": A | {"cores": 3}, "101": B})
    assert (changed.resource_id, changed.change, changed.at) == ("100", "updated", now())
    history = await store.snapshots.history("home", "guest", "100")
    assert [(s.change, (s.state or {})["cores"]) for s in history] == [("discovered", 2), ("updated", 3)]
    assert history[1] == changed


async def test_deletions_are_seen_when_the_list_is_complete(store: Store) -> None:
    await store.snapshots.record("home", "guest", {"100": A, "101": B})
    assert await store.snapshots.record("home", "guest", {"101": B}) == []
    [gone] = await store.snapshots.record("home", "guest", {"101": B}, complete=True)
    assert (gone.resource_id, gone.change, gone.state) == ("100", "deleted", None)
    assert await store.snapshots.record("home", "guest", {"101": B}, complete=True) == []
    [back] = await store.snapshots.record("home", "guest", {"100": A, "101": B}, complete=True)
    assert (back.resource_id, back.change) == ("100", "created")


async def test_types_and_contexts_do_not_mix(store: Store) -> None:
    await store.snapshots.record("home", "guest", {"100": A})
    assert len(await store.snapshots.record("home", "node", {"100": A}, complete=True)) == 1
    assert len(await store.snapshots.record("lab", "guest", {"100": A}, complete=True)) == 1
    assert len(await store.snapshots.history("home", "guest", "100")) == 1


async def test_a_history_can_be_cut_short(store: Store) -> None:
    for cores in range(5):
        await store.snapshots.record("home", "guest", {"100": {"cores": cores}})
    assert [(s.state or {})["cores"] for s in await store.snapshots.history("home", "guest", "100", limit=2)] == [3, 4]


async def test_many_guests_at_once(store: Store) -> None:
    guests = {str(number): {"name": f"vm{number}"} for number in range(2000)}
    assert len(await store.snapshots.record("home", "guest", guests, complete=True)) == 2000
    assert await store.snapshots.record("home", "guest", guests, complete=True) == []


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none())))
def test_the_checksum_does_not_depend_on_the_order_of_keys(state: dict[str, object]) -> None:
    assert checksum_of(state) == checksum_of(dict(reversed(state.items())))
    assert checksum_of(state) != checksum_of({**state, "one more": 1}) or "one more" in state
