from datetime import timedelta

from proxmox_mpc.store import SavedPlan, Store
from tests.unit.store.conftest import FakeNow


def plan(hash: str, now: FakeNow, minutes: float = 60) -> SavedPlan:
    return SavedPlan(hash, "home", "web", "ann", {"steps": []}, now(), now() + timedelta(minutes=minutes))


async def test_a_plan_is_found_by_the_start_of_its_hash_until_it_expires(store: Store, now: FakeNow) -> None:
    saved = plan("abcdef", now)
    await store.plans.save(saved)
    await store.plans.save(saved)
    now.pass_(minutes=59)
    assert await store.plans.find("abcdef") == saved
    assert await store.plans.find("abc") == saved
    assert await store.plans.find("ab%f") is None
    now.pass_(minutes=1)
    assert await store.plans.find("abc") is None


async def test_a_start_that_several_plans_have_names_none(store: Store, now: FakeNow) -> None:
    for hash in ("abc1", "abc2"):
        await store.plans.save(plan(hash, now))
    assert await store.plans.find("abc") is None
    assert await store.plans.find("abc2") is not None


async def test_expired_plans_are_swept_out(store: Store, now: FakeNow) -> None:
    await store.plans.save(plan("old", now, minutes=1))
    now.pass_(minutes=2)
    await store.plans.save(plan("new", now))
    now.pass_(minutes=-2)
    assert await store.plans.find("old") is None
