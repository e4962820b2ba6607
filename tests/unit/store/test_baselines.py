"""Baselines: drift that somebody accepted, until it expires."""

from datetime import timedelta

from proxmox_mpc.store import Baseline, Store
from tests.unit.store.conftest import FakeNow


def baseline(now: FakeNow, path: str = "memory", minutes: float | None = 60, value: object = 1024) -> Baseline:
    expires_at = None if minutes is None else now() + timedelta(minutes=minutes)
    return Baseline("home", "VirtualMachine", "shop", "web", path, "shop", value, "a test", "ann", now(), expires_at)


async def test_what_is_accepted_holds_until_it_expires(store: Store, now: FakeNow) -> None:
    mine = [baseline(now), baseline(now, "tags", None, ["a", "b"]), baseline(now, "", 30, None)]
    await store.baselines.put(mine)
    assert await store.baselines.list("home") == sorted(mine, key=lambda one: one.path)
    assert await store.baselines.list("elsewhere") == []
    now.pass_(minutes=30)
    assert [one.path for one in await store.baselines.list("home")] == ["memory", "tags"]
    now.pass_(minutes=30)
    assert [one.path for one in await store.baselines.list("home")] == ["tags"]


async def test_accepting_again_takes_the_place_of_what_was(store: Store, now: FakeNow) -> None:
    await store.baselines.put([baseline(now)])
    later = baseline(now, minutes=None, value=2048)
    await store.baselines.put([later])
    assert await store.baselines.list("home") == [later]
    await store.baselines.delete([later])
    await store.baselines.delete([later])
    assert await store.baselines.list("home") == []
