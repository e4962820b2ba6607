import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.store import Revision, Store
from proxmox_mpc.store.records import RevisionStatus
from tests.unit.store.conftest import FakeNow

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def begin(store: Store, application: str = "web", context: str = "home") -> Revision:
    return await store.applications.begin_revision(
        context,
        application,
        actor="ann",
        source="web.yaml",
        manifests=[{"kind": "Pool"}],
        plan={"steps": [1]},
        note="first",
    )


async def test_a_revision_comes_back_as_it_was(store: Store, now: FakeNow) -> None:
    begun = await begin(store)
    now.pass_(minutes=3)
    await store.applications.finish_revision("home", "web", 1, "deployed", {"done": 1})
    [kept] = await store.applications.history("home", "web")
    assert (begun.number, begun.status) == (1, "pending")
    assert (kept.number, kept.status, kept.actor, kept.source, kept.note) == (1, "deployed", "ann", "web.yaml", "first")
    assert (kept.manifests, kept.plan, kept.result) == ([{"kind": "Pool"}], {"steps": [1]}, {"done": 1})
    assert kept.created_at == begun.created_at
    assert kept.finished_at == now()
    assert kept.created_at.utcoffset() is not None


async def test_revisions_are_numbered_per_application_and_context(store: Store) -> None:
    assert [(await begin(store)).number for _ in range(3)] == [1, 2, 3]
    assert (await begin(store, "db")).number == 1
    assert (await begin(store, "web", "lab")).number == 1
    assert [app.name for app in await store.applications.list("home")] == ["db", "web"]
    assert [app.revision for app in await store.applications.list("home")] == [1, 3]


async def test_numbers_are_unique_under_competition(open_store: Open) -> None:
    async with open_store() as first, open_store() as second:
        revisions = await asyncio.gather(*(begin(store) for store in (first, second) for _ in range(10)))
        assert sorted(revision.number for revision in revisions) == list(range(1, 21))


async def test_a_deployed_revision_supersedes_the_one_before(store: Store) -> None:
    statuses: list[RevisionStatus] = ["deployed", "failed", "deployed", "uninstalled"]
    for number, status in enumerate(statuses, 1):
        await begin(store)
        await store.applications.finish_revision("home", "web", number, status, {})
        if number == 2:
            assert [r.status for r in await store.applications.history("home", "web")] == ["deployed", "failed"]
    history = await store.applications.history("home", "web")
    assert [r.status for r in history] == ["superseded", "failed", "superseded", "uninstalled"]
    assert (await store.applications.list("home"))[0].status == "uninstalled"


async def test_what_is_unknown_is_said_to_be(store: Store) -> None:
    assert await store.applications.history("home", "nope") == []
    assert await store.applications.list("home") == []
    with pytest.raises(NotFoundError):
        await store.applications.revision("home", "nope", 1)
    with pytest.raises(NotFoundError):
        await store.applications.finish_revision("home", "nope", 1, "failed", {})
    assert await store.applications.list("home") == []


async def test_a_forgotten_application_takes_its_revisions_along(store: Store) -> None:
    await begin(store)
    await begin(store, "db")
    await store.applications.delete("home", "web")
    await store.applications.delete("home", "web")
    assert await store.applications.history("home", "web") == []
    assert (await begin(store)).number == 1
