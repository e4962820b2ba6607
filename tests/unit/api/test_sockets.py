"""Sockets: what is heard, in which order, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from proxmox_mpc.interfaces.api.realtime import Listener, Realtime
from proxmox_mpc.store import Message, NewMessage, Store
from tests.people import OWNER
from tests.unit.store.conftest import (
    FakeNow,
    database,
    empty_url,
    now,
    open_store,
    postgres,
    sqlite_template,
    store,
    url,
)

__all__ = ["FakeNow", "database", "empty_url", "now", "open_store", "postgres", "sqlite_template", "store", "url"]


class Heard(Realtime):
    """Sockets without a transport: what they are sent is kept."""

    def __init__(self, store: Store) -> None:
        super().__init__(lambda: SimpleNamespace(store=store), [])  # type: ignore[arg-type, return-value]
        self.sent: list[int] = []

        async def emit(name: str, payload: Any, to: str) -> None:
            self.sent.append(payload["id"])

        self.io.emit = emit

    def _is_clogged(self, listener: Listener) -> bool:
        return False

    def listen(self) -> Listener:
        async def sees(message: Message) -> bool:
            return True

        listener = Listener("one", "token", OWNER, sees)
        self.listeners["one"] = listener
        listener.sending = asyncio.create_task(self._send(listener))
        return listener


@pytest.fixture
def database() -> str:  # noqa: F811  what is heard does not depend on it
    return "sqlite"


async def tell(store: Store, count: int) -> list[Message]:
    known = await store.messages.read()
    await store.messages.append([NewMessage("jobs", "job.state", {}) for _ in range(count)])
    return await store.messages.read(known[-1].id if known else 0)


async def test_nothing_is_missed_between_what_was_kept_and_what_comes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = Heard(store)
    listener = sockets.listen()
    kept = await tell(store, 10)
    ask = type(store.messages).kept

    async def slowly(self: Any) -> tuple[int, int]:
        for message in await tell(store, 1):  # it comes while the newest number is asked for
            sockets._bring(message)
        await asyncio.sleep(0.05)
        return await ask(self)

    monkeypatch.setattr(type(store.messages), "kept", slowly)
    answer = await sockets._subscribe("one", {"rooms": ["jobs"], "after": kept[4].id})
    monkeypatch.undo()
    for message in await tell(store, 1):
        sockets._bring(message)
    await asyncio.sleep(0.1)
    assert answer["ok"]
    assert sockets.sent == [kept[4].id + n for n in range(1, 8)]
    # Who asks again from an older number hears all from there again, in order.
    sockets.sent.clear()
    await sockets._subscribe("one", {"rooms": ["jobs"], "after": kept[8].id})
    await asyncio.sleep(0.1)
    assert sockets.sent == [kept[8].id + n for n in range(1, 4)]
    assert listener.sending is not None
    listener.sending.cancel()


async def test_rooms_that_nobody_listens_to_are_forgotten(store: Store) -> None:
    sockets = Heard(store)
    listener = sockets.listen()
    for number in range(300):
        room = f"jobs/{number}"
        assert (await sockets._subscribe("one", {"rooms": [room]}))["ok"]
        assert sockets.wanted == {room}
        assert (await sockets._unsubscribe("one", {"rooms": [room]}))["ok"]
    assert (sockets.wanted, sockets._by_room, listener.heard) == (set(), {}, {})
    await sockets._disconnect("one")
