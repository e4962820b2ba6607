"""Answers by the key of their request."""

from __future__ import annotations

import asyncio

import pytest

from proxmox_mpc.store import Store
from proxmox_mpc.store.idempotency import AnswerLost, KeptAnswer, KeyInUse, KeyReused
from tests.unit.store.conftest import FakeNow

ANSWER = KeptAnswer(201, '{"id": 7}', {"location": "/jobs/7"})


async def test_the_first_is_done_and_the_same_again_gets_its_answer(store: Store) -> None:
    kept = store.idempotency
    assert await kept.begin("ann", "k", "a") is None
    await kept.end("ann", "k", ANSWER)
    assert await kept.begin("ann", "k", "a") == ANSWER
    assert await kept.begin("bea", "k", "a") is None, "somebody else's key is another one"


async def test_of_many_at_once_one_is_done(store: Store) -> None:
    found = await asyncio.gather(*(store.idempotency.begin("ann", "k", "a") for _ in range(20)), return_exceptions=True)
    assert found.count(None) == 1
    assert sum(isinstance(one, KeyInUse) for one in found) == 19


async def test_a_key_is_for_one_request(store: Store) -> None:
    await store.idempotency.begin("ann", "k", "a")
    with pytest.raises(KeyReused):
        await store.idempotency.begin("ann", "k", "b")


async def test_what_was_lost_with_its_server_is_not_done_again(store: Store, now: FakeNow) -> None:
    await store.idempotency.begin("ann", "k", "a")
    now.pass_(minutes=11)
    with pytest.raises(AnswerLost):
        await store.idempotency.begin("ann", "k", "a")
    await store.idempotency.drop("ann", "k")
    assert await store.idempotency.begin("ann", "k", "a") is None
