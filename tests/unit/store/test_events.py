from proxmox_mpc.store import Event, Store
from tests.unit.store.conftest import FakeNow


async def add(store: Store, name: str, context: str = "home", kind: str = "Pool") -> Event:
    return await store.events.add(
        context, type="Normal", reason="Created", kind=kind, namespace="", name=name, message="made it", actor="ann"
    )


async def test_events_are_told_in_order(store: Store, now: FakeNow) -> None:
    added = []
    for name in ("a", "b", "c"):
        added.append(await add(store, name))
        now.pass_(seconds=1)
    await add(store, "elsewhere", context="lab")
    assert await store.events.list("home") == added
    assert await store.events.list("home", limit=2) == added[1:]
    assert await store.events.list("home", since=added[1].at) == added[1:]


async def test_events_of_the_same_moment_keep_their_order(store: Store) -> None:
    added = [await add(store, name) for name in ("a", "b", "c")]
    assert await store.events.list("home") == added


async def test_events_are_found_by_their_resource(store: Store) -> None:
    await add(store, "a")
    await add(store, "a", kind="Storage")
    assert [e.kind for e in await store.events.list("home", name="a")] == ["Pool", "Storage"]
    assert [e.kind for e in await store.events.list("home", name="a", kind="Pool")] == ["Pool"]
