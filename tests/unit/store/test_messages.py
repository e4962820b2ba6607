import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from proxmox_mpc.actions.message_list import MessageListRequest, message_list
from proxmox_mpc.store import NewMessage, Store
from tests.people import OWNER, Server
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def test_messages_are_read_back_from_any_number_on(store: Store) -> None:
    assert await store.messages.last_id() == 0
    await store.messages.append([NewMessage("jobs", "job.state", {"n": n}, "lab", "shop") for n in range(3)])
    await store.messages.append([NewMessage("nodes/pve1", "node.changed", {})])
    everything = await store.messages.read()
    assert [m.payload.get("n") for m in everything] == [0, 1, 2, None]
    assert await store.messages.read(everything[1].id, limit=1) == [everything[2]]
    assert [m.room for m in await store.messages.read(rooms=["nodes/pve1"])] == ["nodes/pve1"]
    assert (everything[0].context, everything[0].namespace) == ("lab", "shop")
    assert await store.messages.last_id() == everything[-1].id


async def test_old_messages_are_forgotten_and_their_numbers_never_used_again(store: Store, now: FakeNow) -> None:
    await store.messages.append([NewMessage("jobs", "a", {}) for _ in range(5)])
    last = await store.messages.last_id()
    now.pass_(days=3)
    assert await store.retention.purge("messages", now() - timedelta(days=1)) == 4
    assert await store.messages.kept() == (last, last), "the newest stays: it tells how far it has got"
    await store.messages.append([NewMessage("jobs", "b", {})])
    (message,) = await store.messages.read(last)
    assert message.type == "b"


async def test_who_was_away_for_too_long_is_told(store: Store, now: FakeNow) -> None:
    server = Server(store)
    await store.messages.append([NewMessage("jobs", "a", {}) for _ in range(9)])
    last = await store.messages.last_id()
    now.pass_(days=3)
    await store.retention.purge("messages", now() - timedelta(days=1))
    gaps = [(await server.ask(OWNER, message_list, MessageListRequest(after=n))).gap for n in (1, last - 1, last, 0)]
    assert gaps == [True, False, False, False]


async def test_a_reader_that_goes_on_from_the_last_it_saw_misses_none(open_store: Open) -> None:
    """Many append at once: a number that is visible is never followed by a lower one."""
    seen: list[int] = []
    wanted = 300

    async def read(store: Store) -> None:
        while len(seen) < wanted:
            seen.extend(m.id for m in await store.messages.read(seen[-1] if seen else 0))

    async with open_store() as one, open_store() as two, open_store() as reader:
        writers = [
            store.messages.append([NewMessage("jobs", "x", {"n": n})])
            for n, store in enumerate([one, two] * (wanted // 2))
        ]
        await asyncio.wait_for(asyncio.gather(read(reader), *writers), 60)
    assert len(set(seen)) == wanted
