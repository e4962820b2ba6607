"""Rows that cannot be decrypted here, as in the middle of a change of keys: each stops itself alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import update

from proxmox_mpc.actions.context_delete import ContextDeleteRequest, context_delete
from proxmox_mpc.actions.context_set import ContextSetRequest, context_set
from proxmox_mpc.bootstrap import clusters
from proxmox_mpc.errors import UsageError
from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.sweeping import Sweeper
from proxmox_mpc.jobs.wakeups import WakeUps
from proxmox_mpc.store import Context, NewJob, SecretKey, SecretUnreadable, Store
from proxmox_mpc.store.models import jobs, schedules
from proxmox_mpc.store.webhooks import Webhook
from tests.people import OWNER, Server
from tests.unit.jobs.test_beat import add as add_schedule
from tests.unit.jobs.test_beat import order
from tests.unit.jobs.test_bus import DAYS
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]
OLD, NEW = "a passphrase for tests", "another passphrase of tests"


def job(name: str) -> NewJob:
    return NewJob("apply", {"name": name}, "ann")


async def test_a_job_of_another_key_is_left_to_others_and_holds_up_none(
    store: Store, open_store: Open, now: FakeNow
) -> None:
    async with open_store(SecretKey([NEW, OLD])) as newer:
        theirs = await newer.jobs.add(job("theirs"))
        now.pass_(seconds=1)
        ours = await store.jobs.add(job("ours"))
        claimed = await store.claims.next("old", 30)
        assert claimed is not None
        assert (claimed.id, claimed.request) == (ours.id, {"name": "ours"})
        assert await store.claims.next("old", 30) is None
        assert await store.claims.next("old", 30, id=theirs.id) is None
        assert (await store.claims.left_to_others(), await newer.claims.left_to_others()) == (1, 0)
        # People see it, and which it is; and can still end it.
        shown = {one.id: one.error and one.error["code"] for one in await store.jobs.list()}
        assert shown == {theirs.id: "store.secret-unreadable", ours.id: None}
        found = await newer.claims.next("new", 30)
        assert found is not None
        assert found.request == {"name": "theirs"}
    waiting = await store.jobs.add(job("cancelled"))
    assert (await store.jobs.cancel(waiting.id)).state == "cancelled"


async def test_a_damaged_job_fails_and_says_why(store: Store) -> None:
    made = await store.jobs.add(job("damaged"))
    async with store.jobs.database.write() as connection:
        sealed = SecretKey([OLD]).seal("{}")[:-8] + "AAAAAAA="
        await connection.execute(update(jobs).where(jobs.c.id == made.id).values(sealed_request=sealed))
    claimed = await store.claims.next("one", 30)
    assert claimed is not None
    with pytest.raises(SecretUnreadable, match="damaged"):
        dict(claimed.request)


async def test_a_schedule_of_another_key_stops_the_beat_for_no_other(
    store: Store, open_store: Open, now: FakeNow, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(SecretKey([NEW, OLD])) as newer:
        await add_schedule(newer, "theirs", now())
        damaged = await add_schedule(store, "damaged", now())
        async with store.jobs.database.write() as connection:
            sealed = SecretKey([OLD]).seal("{}")[:-8] + "AAAAAAA="
            await connection.execute(
                update(schedules).where(schedules.c.id == damaged.id).values(sealed_request=sealed)
            )
        now.pass_(seconds=1)
        ours = await add_schedule(store, "ours", now())
        bus = Bus(store, WakeUps())

        def reading(schedule, at):  # type: ignore[no-untyped-def]
            dict(schedule.request)
            return order(schedule, at)

        assert [made.schedule_id for made in await Beat(bus, reading, now).tick()] == [ours.id]
        assert await store.schedules.next_at() > now()  # type: ignore[operator]
        told = {one.name: one.last_error for one in await store.schedules.list()}
        assert "another key" in told["theirs"]
        assert "damaged" in told["damaged"]
        assert "damaged" in (await newer.schedules.get("damaged")).last_error
        sweeper = Sweeper(bus, now, DAYS)
        for _ in range(3):
            await sweeper.sweep()
        assert capsys.readouterr().err.count("left to others") == 1
        assert len(await Beat(Bus(newer, WakeUps()), reading, now).tick()) == 1


async def test_a_context_and_a_webhook_of_another_key_hide_no_other(store: Store, open_store: Open) -> None:
    async with open_store(SecretKey([NEW, OLD])) as newer:
        await newer.contexts.save(Context("theirs", ("https://pve:8006",), user="root@pam", password="hunter2"))
        await newer.webhooks.put(Webhook("theirs", "https://a/", "secret", ("jobs",)))
    await store.contexts.save(Context("ours", ("https://pve:8006",), user="root@pam", password="hunter2"))
    await store.webhooks.put(Webhook("ours", "https://b/", "secret", ("jobs",)))
    ours, theirs = await store.contexts.list()
    assert (ours.password, theirs.password) == ("hunter2", None)
    with pytest.raises(SecretUnreadable, match="another key"):
        clusters.check(theirs)
    hooks = {hook.name: (hook.secret, hook.last_error) for hook in await store.webhooks.list()}
    assert hooks["ours"] == ("secret", "")
    assert hooks["theirs"][0] == ""
    assert "another key" in hooks["theirs"][1]


async def test_a_context_whose_key_is_lost_can_be_mended_and_taken_away(store: Store, open_store: Open) -> None:
    async with open_store(SecretKey([NEW])) as newer:
        await newer.contexts.save(Context("lost", ("https://pve:8006",), user="root@pam", password="hunter2"))
    server = Server(store)
    with pytest.raises(UsageError, match="needs a login"):
        await server.ask(OWNER, context_set, ContextSetRequest(name="lost", ca="-----BEGIN CERTIFICATE-----"))
    await server.ask(OWNER, context_set, ContextSetRequest(name="lost", password="another"))
    assert (await store.contexts.get("lost")).password == "another"
    async with open_store(SecretKey([NEW])) as newer:
        await newer.contexts.save(Context("lost", ("https://pve:8006",), user="root@pam", password="hunter2"))
    await server.ask(OWNER, context_delete, ContextDeleteRequest(name="lost"))
    assert await store.contexts.list() == []
