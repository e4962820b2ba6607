"""Who sees, cancels, repeats and schedules what: object by object, as an attacker would try."""

from __future__ import annotations

from typing import Any

import pytest

from proxmox_mpc.actions._access import Access, Grant, Who
from proxmox_mpc.actions._gate import NotAllowed
from proxmox_mpc.actions._work import JobMissing
from proxmox_mpc.actions.job_cancel import JobCancelRequest, job_cancel
from proxmox_mpc.actions.job_follow import JobFollowRequest, job_follow
from proxmox_mpc.actions.job_get import JobGetRequest, job_get
from proxmox_mpc.actions.job_list import JobListRequest, job_list
from proxmox_mpc.actions.job_logs import JobLogsRequest, job_logs
from proxmox_mpc.actions.job_retry import JobRetryRequest, job_retry
from proxmox_mpc.actions.message_list import MessageListRequest, message_list
from proxmox_mpc.actions.schedule_create import ScheduleCreateRequest, schedule_create
from proxmox_mpc.actions.schedule_delete import ScheduleDeleteRequest, schedule_delete
from proxmox_mpc.actions.schedule_get import ScheduleGetRequest, schedule_get
from proxmox_mpc.actions.schedule_list import ScheduleListRequest, schedule_list
from proxmox_mpc.actions.schedule_run import ScheduleRunRequest, schedule_run
from proxmox_mpc.actions.schedule_set import ScheduleSetRequest, schedule_set
from proxmox_mpc.bootstrap.jobs import who_of
from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.store import Job, NewJob, Store
from tests.people import Server
from tests.unit.jobs.conftest import now, store
from tests.unit.store.conftest import FakeNow

__all__ = ["now", "store"]


def person(name: str, *permissions: str, limits: Grant | None = None, **where: tuple[str, ...]) -> Who:
    return Who(name, Access((Grant(permissions, **where),), limits), user_id=f"id-{name}")


ANN = person("ann", "guests:*", "schedules:*")
BOB = person("bob", "guests:*", "schedules:*")
VIEWER = person("viewer", "jobs:read", "schedules:read", "messages:read")
HELPER = person("helper", "jobs:*", "schedules:*")
SHOP = person("shop", "jobs:*", "messages:read", namespaces=("shop",))
ADMIN = person("admin", "*")


async def job_of(store: Store, who: Who, **values: Any) -> Job:
    given = {"action": "start", "request": {}, "actor": who.name, "user_id": who.user_id, "context": "home"}
    return await store.jobs.add(NewJob(**{**given, **values}))


async def test_a_job_of_another_does_not_exist_for_who_may_see_none(store: Store) -> None:
    server, job = Server(store), await job_of(store, ANN)
    looks: list[tuple[Any, Any]] = [
        (job_get, JobGetRequest(id=job.id)), (job_logs, JobLogsRequest(id=job.id)), (job_follow, JobFollowRequest(id=job.id)),
        (job_cancel, JobCancelRequest(id=job.id)), (job_retry, JobRetryRequest(id=job.id)),
    ]  # fmt: skip
    for action, request in looks:
        with pytest.raises(JobMissing) as hidden:
            await server.ask(BOB, action, request)
        with pytest.raises(JobMissing) as missing:
            await server.ask(BOB, action, type(request)(id="0" * 32))
        assert str(hidden.value).replace(job.id, "0" * 32) == str(missing.value), "nothing tells that it is there"
    assert (await server.ask(BOB, job_list, JobListRequest())).items == []
    assert [one.id for one in (await server.ask(ANN, job_list, JobListRequest())).items] == [job.id]


async def test_who_sees_a_job_may_not_therefore_change_it(store: Store) -> None:
    server, job = Server(store), await job_of(store, ANN)
    assert (await server.ask(VIEWER, job_get, JobGetRequest(id=job.id))).actor == "ann"
    with pytest.raises(NotAllowed):
        await server.ask(VIEWER, job_cancel, JobCancelRequest(id=job.id))
    assert (await store.jobs.get(job.id)).state == "queued"
    assert (await server.ask(HELPER, job_cancel, JobCancelRequest(id=job.id))).state == "cancelled"


async def test_nobody_repeats_with_anothers_rights_what_he_may_not_do(store: Store) -> None:
    server, job = Server(store), await job_of(store, ADMIN, action="secret_set")
    await store.jobs.cancel(job.id)
    with pytest.raises(NotAllowed, match="secrets:write"):
        await server.ask(HELPER, job_retry, JobRetryRequest(id=job.id))
    assert (await server.ask(ADMIN, job_retry, JobRetryRequest(id=job.id))).state == "queued"


async def test_a_result_is_for_who_asked_or_may_ask_the_same(store: Store) -> None:
    server = Server(store)
    await job_of(store, ANN)
    job = await store.claims.next("one", 30)
    assert job is not None
    await store.claims.succeeded(job, {"secret": "hunter2"})
    for who, told in ((ANN, True), (VIEWER, False), (ADMIN, True), (BOB, None)):
        for action, request in ((job_get, JobGetRequest(id=job.id)), (job_follow, JobFollowRequest(id=job.id))):
            if told is None:
                with pytest.raises(JobMissing):
                    await server.ask(who, action, request)  # type: ignore[arg-type]
                continue
            found = await server.ask(who, action, request)  # type: ignore[arg-type]
            assert (found.result is not None) is told, (who.name, action)  # type: ignore[attr-defined]


async def test_jobs_and_messages_of_other_namespaces_are_out_of_sight(store: Store) -> None:
    server = Server(store)
    mine, other = await job_of(store, ANN, namespace="shop"), await job_of(store, ANN, namespace="bank")
    everywhere = await job_of(store, ANN)
    assert [one.id for one in (await server.ask(SHOP, job_list, JobListRequest())).items] == [mine.id]
    told = (await server.ask(SHOP, message_list, MessageListRequest())).items
    assert {one.payload["id"] for one in told} == {mine.id}
    for id in (other.id, everywhere.id):
        with pytest.raises(JobMissing):
            await server.ask(SHOP, job_get, JobGetRequest(id=id))
    # What one's own jobs tell is heard without any permission; and by nobody else.
    assert {one.payload["id"] for one in (await server.ask(ANN, message_list, MessageListRequest())).items} == {
        mine.id, other.id, everywhere.id,
    }  # fmt: skip
    assert (await server.ask(BOB, message_list, MessageListRequest(rooms=["jobs", f"jobs/{mine.id}"]))).items == []


async def test_a_page_is_full_though_others_jobs_lie_between(store: Store) -> None:
    server = Server(store)
    mine = []
    for number in range(12):
        who = ANN if number % 4 == 0 else BOB
        job = await job_of(store, who)
        mine += [job.id] if who is ANN else []
    first = await server.ask(ANN, job_list, JobListRequest(limit=2))
    rest = await server.ask(ANN, job_list, JobListRequest(limit=2, before=first.before))
    assert sorted(one.id for one in [*first.items, *rest.items]) == sorted(mine)


async def test_a_narrowed_token_does_not_own_what_its_user_owns(store: Store) -> None:
    server, job = Server(store), await job_of(store, ANN)
    token = person("ann", "guests:*", limits=Grant(("guests:read",)))
    with pytest.raises(JobMissing):
        await server.ask(token, job_get, JobGetRequest(id=job.id))


def nightly(**more: Any) -> ScheduleCreateRequest:
    given = {"name": "nightly", "action": "start", "request": {"guests": ["web"]}, "interval_s": 3600}
    return ScheduleCreateRequest(**{**given, **more})


async def test_nobody_schedules_what_he_may_not_do(store: Store) -> None:
    server = Server(store)
    with pytest.raises(NotAllowed, match="guests:write"):
        await server.ask(HELPER, schedule_create, nightly())
    for name in ("login", "whoami", "job_list", "get", "../apply", "_gate", "nothing"):
        with pytest.raises(MpcError):
            await server.ask(ADMIN, schedule_create, nightly(action=name, request={}))
    assert await store.schedules.list() == []


async def test_who_changes_a_schedule_answers_for_it_from_then_on(store: Store) -> None:
    server = Server(store)
    await server.ask(ADMIN, schedule_create, nightly(action="secret_set", request={"name": "a", "value": "b"}))
    for action, request in (
        (schedule_set, ScheduleSetRequest(name="nightly", request={"name": "a", "value": "c"})),
        (schedule_set, ScheduleSetRequest(name="nightly", enabled=True)),
        (schedule_run, ScheduleRunRequest(name="nightly")),
    ):
        with pytest.raises(NotAllowed, match="secrets:write"):
            await server.ask(HELPER, action, request)  # type: ignore[arg-type]
    assert await store.jobs.list() == []
    assert (await server.ask(HELPER, schedule_get, ScheduleGetRequest(name="nightly"))).request is None
    # To switch it off needs no right to do what it does; and it stays the admin's.
    off = await server.ask(HELPER, schedule_set, ScheduleSetRequest(name="nightly", enabled=False))
    assert (off.enabled, off.actor) == (False, "admin")


async def test_a_schedule_of_another_is_out_of_sight_for_who_may_see_none(store: Store) -> None:
    server = Server(store)
    await server.ask(ANN, schedule_create, nightly())
    stranger = person("eve", "guests:*")
    assert (await server.ask(stranger, schedule_list, ScheduleListRequest())).items == []
    for action, request in (
        (schedule_get, ScheduleGetRequest),
        (schedule_run, ScheduleRunRequest),
        (schedule_delete, ScheduleDeleteRequest),
    ):
        with pytest.raises(NotFoundError):
            await server.ask(stranger, action, request(name="nightly"))  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        await server.ask(VIEWER, schedule_delete, ScheduleDeleteRequest(name="nightly"))
    assert len(await store.schedules.list()) == 1


async def test_a_job_is_done_with_the_rights_that_its_user_has_by_then(store: Store, now: FakeNow) -> None:
    job = await job_of(store, Who("gone", Access(), user_id="id-of-nobody"))
    with pytest.raises(MpcError):
        await who_of(store, job)
    limited = await job_of(
        store, Who("owner"), limits={"permissions": ["guests:read"], "contexts": ["home"], "namespaces": ["shop"]}
    )
    access = (await who_of(store, limited)).access
    assert access.allows("guests:read", "home", "shop")
    for permission, context, namespace in (
        ("guests:write", "home", "shop"),
        ("guests:read", "lab", "shop"),
        ("guests:read", "home", "bank"),
    ):
        assert not access.allows(permission, context, namespace)
