from datetime import timedelta

import pytest

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.store import SavedPlan, Store
from tests.unit.store.conftest import FakeNow


def plan(hash: str, now: FakeNow, minutes: float = 60) -> SavedPlan:
    return SavedPlan(hash, "home", "web", "ann", {"steps": []}, now(), now() + timedelta(minutes=minutes))


async def test_a_plan_is_found_by_its_hash_until_it_expires(store: Store, now: FakeNow) -> None:
    saved = plan("abc", now)
    await store.plans.save(saved)
    await store.plans.save(saved)
    now.pass_(minutes=59)
    assert await store.plans.get("abc") == saved
    now.pass_(minutes=1)
    with pytest.raises(NotFoundError, match="expired"):
        await store.plans.get("abc")


async def test_expired_plans_are_swept_out(store: Store, now: FakeNow) -> None:
    await store.plans.save(plan("old", now, minutes=1))
    now.pass_(minutes=2)
    await store.plans.save(plan("new", now))
    now.pass_(minutes=-2)
    with pytest.raises(NotFoundError):
        await store.plans.get("old")


async def test_a_plan_can_be_forgotten_twice(store: Store, now: FakeNow) -> None:
    await store.plans.save(plan("abc", now))
    await store.plans.delete("abc")
    await store.plans.delete("abc")
    with pytest.raises(NotFoundError):
        await store.plans.get("abc")
