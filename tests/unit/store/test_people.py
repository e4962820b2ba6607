"""Users, groups, roles and grants: found again, gone with what hangs on them, and never without an admin."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from proxmox_mpc.store import LastAdmin, NameTaken, RecordMissing, Role, StillUsed, Store, User
from proxmox_mpc.store.people_records import ApiToken
from tests.unit.store.conftest import FakeNow


async def make(store: Store, name: str, **more: object) -> User:
    user = User(f"id-{name}", name, store.users.database.now(), "a hash", **more)  # type: ignore[arg-type]
    await store.users.create(user)
    return user


async def admin(store: Store, name: str = "root") -> User:
    user = await make(store, name)
    await store.grants.add("user", user.id, "admin", ["*"], ["*"], built_in=True)
    return user


async def test_a_user_is_found_by_name_id_and_what_a_provider_calls_them(store: Store) -> None:
    amy = await make(store, "amy", provider="ldap", external_id="uid=amy")
    assert await store.users.get("amy") == await store.users.by_id(amy.id) == amy
    assert await store.users.find_external("ldap", "uid=amy") == amy
    assert await store.users.find_external("oidc", "uid=amy") is None
    assert "a hash" not in repr(amy)
    with pytest.raises(NameTaken):
        await make(store, "amy")
    with pytest.raises(RecordMissing):
        await store.users.get("bob")


async def test_of_two_servers_that_start_at_once_one_makes_the_first_admin(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    async with open_store() as other:
        tries = [
            s.users.create_first(User(f"id-{n}", "admin", s.users.database.now(), "x"))
            for n, s in enumerate((store, other, store, other))
        ]
        assert sorted(await asyncio.gather(*tries)) == [False, False, False, True]
    [user] = await store.users.list()
    [grant] = await store.users.held(user.id)
    assert (grant.role, grant.contexts, grant.namespaces) == ("admin", ("*",), ("*",))
    assert not await store.users.create_first(User("later", "later", store.users.database.now()))


async def test_what_is_granted_to_a_group_is_held_by_its_members(store: Store) -> None:
    amy, bob = await make(store, "amy"), await make(store, "bob")
    await store.groups.create("web")
    await store.roles.create(Role("deployer", "", ("jobs:*", "resources:read")))
    grant = await store.grants.add("group", "web", "deployer", ["home"], ["shop"], built_in=False)
    await store.groups.add("web", [amy.id])
    assert await store.users.held(amy.id) == (grant,)
    assert grant.permissions == ("jobs:*", "resources:read")
    assert await store.users.held(bob.id) == ()
    await store.groups.remove("web", [amy.id])
    assert await store.users.held(amy.id) == ()


async def test_a_role_that_is_granted_stays(store: Store) -> None:
    amy = await make(store, "amy")
    await store.roles.create(Role("deployer", "", ("jobs:read",)))
    grant = await store.grants.add("user", amy.id, "deployer", ["*"], ["*"], built_in=False)
    with pytest.raises(StillUsed):
        await store.roles.delete("deployer")
    await store.grants.remove(grant.id)
    await store.roles.delete("deployer")
    with pytest.raises(RecordMissing):
        await store.grants.add("user", amy.id, "deployer", ["*"], ["*"], built_in=False)


async def test_who_is_forgotten_leaves_nothing_to_the_next_of_that_name(store: Store) -> None:
    await admin(store)
    amy = await admin(store, "amy")
    await store.groups.create("web")
    await store.groups.add("web", [amy.id])
    now = store.users.database.now()
    await store.logins.begin("login", amy, "h", now + timedelta(hours=1), client="", address="")
    await store.api_tokens.create(ApiToken("t", amy.id, "ci", ("*",), ("*",), ("*",), now, None, None, "h"))
    await store.users.delete(amy.id)
    await store.users.create(User(amy.id, "amy", now))  # even by the same id
    assert await store.users.held(amy.id) == ()
    assert await store.groups.of_user(amy.id) == []
    assert await store.logins.holder("login") is None
    assert await store.api_tokens.holder("t") is None


async def test_a_provider_renews_its_own_memberships_only_and_makes_no_groups(store: Store) -> None:
    amy = await make(store, "amy")
    for name in ("web", "ops", "dba"):
        await store.groups.create(name)
    await store.groups.add("web", [amy.id])
    await store.groups.renew(amy.id, "ldap", ["ops", "web", "no such group"])
    assert await store.groups.of_user(amy.id) == ["ops", "web"]
    await store.groups.renew(amy.id, "ldap", ["dba"])
    assert await store.groups.of_user(amy.id) == ["dba", "web"]
    assert (await store.groups.get("web")).members == {"amy": "manual"}


WAYS_TO_LOSE_THE_ADMIN: dict[str, Callable[[Store, User, int], Awaitable[object]]] = {
    "delete": lambda store, user, grant: store.users.delete(user.id),
    "disable": lambda store, user, grant: store.users.set(user.id, {"disabled": True}, end_sessions=True),
    "without password": lambda store, user, grant: store.users.set(user.id, {"password_hash": None}),
    "take the grant": lambda store, user, grant: store.grants.remove(grant),
}


@pytest.mark.parametrize("way", WAYS_TO_LOSE_THE_ADMIN)
async def test_the_last_admin_stays(way: str, store: Store) -> None:
    user = await admin(store)
    limited = await make(store, "limited")
    await store.grants.add("user", limited.id, "admin", ["home"], ["*"], built_in=True)
    [grant] = await store.users.held(user.id)
    with pytest.raises(LastAdmin):
        await WAYS_TO_LOSE_THE_ADMIN[way](store, user, grant.id)
    assert await store.users.by_id(user.id) == user
    assert await store.users.held(user.id) == (grant,)
    await admin(store, "second")
    await WAYS_TO_LOSE_THE_ADMIN[way](store, user, grant.id)


async def test_the_last_admin_stays_also_where_a_group_makes_them_one(store: Store) -> None:
    user = await make(store, "root")
    await store.groups.create("admins")
    await store.groups.add("admins", [user.id])
    await store.grants.add("group", "admins", "admin", ["*"], ["*"], built_in=True)
    for change in (store.groups.remove("admins", [user.id]), store.groups.delete("admins")):
        with pytest.raises(LastAdmin):
            await change
    assert (await store.groups.get("admins")).members == {"root": "manual"}


async def test_two_admins_who_take_each_other_the_role_at_once_do_not_both_succeed(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    one, two = await admin(store, "one"), await admin(store, "two")
    async with open_store() as other:
        done = await asyncio.gather(store.users.delete(one.id), other.users.delete(two.id), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["LastAdmin", "NoneType"]
    assert len(await store.users.list()) == 1


async def test_a_new_version_ends_sessions(store: Store, now: FakeNow) -> None:
    amy = await make(store, "amy")
    await store.logins.begin("login", amy, "h", now() + timedelta(hours=1), client="", address="")
    assert await store.logins.holder("login") is not None
    changed = await store.users.set(amy.id, {"password_hash": "another"}, end_sessions=True)
    assert changed.version == amy.version + 1
    assert await store.logins.holder("login") is None
    assert await store.logins.list(amy.id) == []


async def test_a_password_that_changed_meanwhile_is_not_put_back(store: Store) -> None:
    amy = await make(store, "amy")
    await store.users.set(amy.id, {"password_hash": "new"})
    await store.users.rehash(amy.id, "a hash", "a stronger hash")
    assert (await store.users.get("amy")).password_hash == "new"
    await store.users.rehash(amy.id, "new", "new, stronger")
    assert (await store.users.get("amy")).password_hash == "new, stronger"
