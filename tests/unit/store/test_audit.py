"""The audit's chain: any change, gap, reorder, addition or missing end shows, and never heals."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from proxmox_mpc.store import SecretKey, SecretUnreadable, Store
from proxmox_mpc.store.models import audit, audit_chain
from tests.unit.store.conftest import FakeNow

TEXT = st.text(max_size=20)


async def write(store: Store, number: int, action: str = "apply") -> None:
    await store.audit.append("write", "amy", action, outcome="ok", subject=f"web-{number}", detail={"n": number})


async def filled(store: Store, count: int) -> Store:
    for number in range(count):
        await write(store, number)
    return store


async def test_a_chain_is_whole_and_read_from_both_ends(store: Store, now: FakeNow) -> None:
    assert (await store.audit.verify()).reason == ""
    await write(store, 1)
    now.pass_(minutes=1)
    await write(store, 2, "delete")
    state = await store.audit.verify()
    assert (state.records, state.broken_at) == (2, None)
    assert [record.seq for record in await store.audit.list()] == [2, 1]
    assert [record.seq for record in await store.audit.list(before=2)] == [1]
    assert [record.action for record in await store.audit.list(since=now())] == ["delete"]
    assert [record.seq for record in await store.audit.list(until=now(), actor="amy", type="write")] == [1]
    assert [record.seq for record in await store.audit.after(1, 10)] == [2]


async def test_two_servers_write_one_chain(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    async with open_store() as other:
        await asyncio.gather(*(write(s, n) for n in range(10) for s in (store, other)))
        assert await other.audit.verify() == await store.audit.verify()
    state = await store.audit.verify()
    assert (state.records, state.broken_at) == (20, None)


@given(
    texts=st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
    detail=st.dictionaries(
        TEXT,
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ),
        max_size=3,
    ),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_is_written_is_read_back_whole(
    texts: tuple[str, ...], detail: dict[str, object], store: Store
) -> None:
    actor, action, context, subject, address, correlation = texts
    await store.audit.append(
        "write", actor, action, outcome="ok", context=context, subject=subject, detail=detail, address=address,
        correlation=correlation,
    )  # fmt: skip
    assert (await store.audit.verify()).reason == ""


CHANGES = {
    "type": "login", "actor": "eve", "action": "nothing", "context": "away", "subject": "db", "outcome": "failed",
    "detail": {"n": 99}, "address": "6.6.6.6", "correlation": "x", "previous": "0" * 64, "hash": "0" * 64,
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("seq", [1, 2, 4])
async def test_a_changed_record_is_named(column: str, seq: int, store: Store) -> None:
    await filled(store, 4)
    async with store.audit.database.write() as connection:
        await connection.execute(update(audit).where(audit.c.seq == seq).values({column: CHANGES[column]}))
    await write(store, 5)
    assert (await store.audit.verify()).broken_at == seq


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
async def test_a_missing_record_is_named_also_at_the_end_and_for_ever(seq: int, store: Store) -> None:
    await filled(store, 4)
    async with store.audit.database.write() as connection:
        await connection.execute(delete(audit).where(audit.c.seq == seq))
    assert (await store.audit.verify()).broken_at == seq
    await filled(store, 2)
    state = await store.audit.verify()
    assert state.broken_at == seq
    assert "missing" in state.reason


async def test_records_that_changed_places_are_named(store: Store) -> None:
    await filled(store, 4)
    async with store.audit.database.write() as connection:
        for before, after in ((2, 99), (3, 2), (99, 3)):
            await connection.execute(update(audit).where(audit.c.seq == before).values(seq=after))
    assert (await store.audit.verify()).broken_at == 2


async def test_nothing_can_be_put_in_nor_written_by_another_key(store: Store) -> None:
    await filled(store, 2)
    async with store.audit.database.write() as connection:
        row = (await connection.execute(select(audit).where(audit.c.seq == 2))).one()
        await connection.execute(insert(audit).values({**row._mapping, "seq": 3, "previous": row.hash}))
    assert (await store.audit.verify()).broken_at == 3
    await write(store, 4)
    assert (await store.audit.verify()).broken_at == 3


@pytest.mark.parametrize("values", [{"length": 2}, {"head": "0" * 64}, {"proof": "0" * 64}, {"length": 10**9}])
async def test_an_end_that_was_changed_shows_and_is_not_mended_by_what_follows(
    values: dict[str, object], store: Store
) -> None:
    await filled(store, 4)
    async with store.audit.database.write() as connection:
        await connection.execute(update(audit_chain).values(values))
    assert (await store.audit.verify()).broken_at is not None
    await filled(store, 2)
    assert (await store.audit.verify()).broken_at == 5


@pytest.mark.parametrize("keep", [0, 2])
async def test_an_end_that_was_cut_off_with_its_proof_shows(keep: int, store: Store) -> None:
    await filled(store, 4)
    async with store.audit.database.write() as connection:
        await connection.execute(delete(audit).where(audit.c.seq > keep))
        row = (await connection.execute(select(audit).where(audit.c.seq == keep))).one_or_none()
        await connection.execute(update(audit_chain).values(length=keep, head=row.hash if row else ""))
    assert (await store.audit.verify()).broken_at == keep + 1
    await write(store, 9)
    assert (await store.audit.verify()).broken_at == keep + 1


async def test_a_chain_without_its_end_does_not_begin_anew(store: Store) -> None:
    await filled(store, 2)
    async with store.audit.database.write() as connection:
        await connection.execute(delete(audit_chain))
    assert (await store.audit.verify()).broken_at == 1
    await write(store, 3)
    assert (await store.audit.verify()).broken_at == 1


async def test_a_database_that_was_put_back_is_told_by_a_hash_kept_elsewhere(store: Store) -> None:
    await filled(store, 2)
    async with store.audit.database.read() as connection:
        [old] = (await connection.execute(select(audit_chain))).all()
    await filled(store, 2)
    noted = await store.audit.verify()
    async with store.audit.database.write() as connection:
        await connection.execute(delete(audit).where(audit.c.seq > 2))
        await connection.execute(update(audit_chain).values(**old._mapping))
    assert (await store.audit.verify()).broken_at is None  # by itself it is what it was
    state = await store.audit.verify((noted.records, noted.head))
    assert (state.broken_at, state.reason) == (4, "the expected record is not there")
    await write(store, 8)
    await write(store, 9)
    assert (await store.audit.verify((noted.records, noted.head))).broken_at == 4


async def test_a_new_key_keeps_the_chain_whole(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    await filled(store, 2)
    new = "another passphrase for tests"
    async with open_store(SecretKey([new, "a passphrase for tests"])) as both:
        await both.reseal()
    async with open_store(SecretKey([new])) as fresh:
        await write(fresh, 3)
        assert (await fresh.audit.verify()).reason == ""
    with pytest.raises(SecretUnreadable):
        await store.audit.verify()
