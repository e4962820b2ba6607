from dataclasses import replace

from proxmox_mpc.store import OwnedResource, Store
from tests.unit.store.conftest import FakeNow


def vm(name: str, now: FakeNow, **changes: object) -> OwnedResource:
    resource = OwnedResource(
        context="home",
        kind="VirtualMachine",
        namespace="default",
        name=name,
        uid="u1",
        application="web",
        identity={"vmid": 100},
        applied={"spec.memory": 8192, "spec.tags": ["a", "ü"], "spec.onboot": True, "spec.pool": None},
        updated_at=now(),
    )
    return replace(resource, **changes)  # type: ignore[arg-type]


async def test_what_is_put_is_found(store: Store, now: FakeNow) -> None:
    await store.resources.put(vm("a", now))
    assert await store.resources.get("home", "VirtualMachine", "default", "a") == vm("a", now)
    assert await store.resources.get("lab", "VirtualMachine", "default", "a") is None


async def test_a_resource_has_one_owner(store: Store, now: FakeNow) -> None:
    await store.resources.put(vm("a", now))
    await store.resources.put(vm("a", now, application="db", applied={}))
    assert [r.application for r in await store.resources.list("home")] == ["db"]


async def test_lists_are_by_context_and_application(store: Store, now: FakeNow) -> None:
    for resource in (vm("b", now), vm("a", now), vm("c", now, application="db"), vm("d", now, context="lab")):
        await store.resources.put(resource)
    assert [r.name for r in await store.resources.list("home")] == ["a", "b", "c"]
    assert [r.name for r in await store.resources.list("home", "db")] == ["c"]


async def test_a_resource_can_be_forgotten_twice(store: Store, now: FakeNow) -> None:
    await store.resources.put(vm("a", now))
    for _ in range(2):
        await store.resources.delete("home", "VirtualMachine", "default", "a")
    assert await store.resources.list("home") == []


async def test_what_is_being_made_is_claimed_by_one_application(store: Store, now: FakeNow) -> None:
    claim = vm("a", now, applied=None)
    assert await store.resources.claim(claim)
    assert await store.resources.claim(claim), "a second try is one's own"
    assert not await store.resources.claim(vm("a", now, application="db", applied=None))
    assert await store.resources.get("home", "VirtualMachine", "default", "a") == claim
