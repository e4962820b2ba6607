import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from proxmox_mpc.store import Store
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def test_one_owner_holds_a_vmid_until_it_expires(store: Store, now: FakeNow) -> None:
    reserve = store.reservations.reserve
    assert await reserve("home", 100, "ann", 60)
    assert not await reserve("home", 100, "bob", 60)
    assert await reserve("lab", 100, "bob", 60)
    assert await reserve("home", 101, "bob", 60)
    now.pass_(seconds=59)
    assert not await reserve("home", 100, "bob", 60)
    now.pass_(seconds=1)
    assert await reserve("home", 100, "bob", 60)
    assert not await reserve("home", 100, "ann", 60)


async def test_an_owner_can_hold_on(store: Store, now: FakeNow) -> None:
    for _ in range(3):
        assert await store.reservations.reserve("home", 100, "ann", 60)
        now.pass_(seconds=50)
    assert not await store.reservations.reserve("home", 100, "bob", 60)


async def test_a_released_vmid_is_free(store: Store) -> None:
    await store.reservations.reserve("home", 100, "ann", 60)
    await store.reservations.release("home", 100, "bob")
    assert not await store.reservations.reserve("home", 100, "bob", 60)
    await store.reservations.release("home", 100, "ann")
    await store.reservations.release("home", 100)
    assert await store.reservations.reserve("home", 100, "bob", 60)


async def test_only_what_is_held_is_listed(store: Store, now: FakeNow) -> None:
    await store.reservations.reserve("home", 101, "ann", 60)
    await store.reservations.reserve("home", 100, "ann", 10)
    assert [r.vmid for r in await store.reservations.list("home")] == [100, 101]
    now.pass_(seconds=30)
    assert [(r.vmid, r.owner) for r in await store.reservations.list("home")] == [(101, "ann")]


async def test_of_many_who_ask_at_once_one_gets_it(open_store: Open) -> None:
    async with open_store() as first, open_store() as second:
        answers = await asyncio.gather(
            *(
                store.reservations.reserve("home", 100, f"owner {number}", 60)
                for number, store in enumerate([first, second] * 8)
            )
        )
    assert sum(answers) == 1
