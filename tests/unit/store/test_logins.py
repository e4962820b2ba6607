"""Logins go on by refresh tokens that work once; attempts are counted before they are tried."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from proxmox_mpc.store import PendingLogin, Store
from proxmox_mpc.store.limit import Limit
from proxmox_mpc.store.logins import AT_ONCE
from proxmox_mpc.store.models import pending_logins
from proxmox_mpc.store.people_records import ApiToken, RefreshOutcome
from tests.unit.store.conftest import FakeNow
from tests.unit.store.test_people import make

LASTS, AT_MOST = timedelta(days=7), timedelta(days=30)
LIMIT = Limit(3, 60)


async def begin(store: Store, name: str = "amy", id: str = "login") -> str:
    user = await store.users.find(name) or await make(store, name)
    at = store.logins.database.now() + LASTS
    await store.logins.begin(id, user, "first", at, client="a test", address="10.0.0.1")
    return user.id


async def refresh(store: Store, token: str, following: str, address: str = "10.0.0.1") -> RefreshOutcome:
    return (await store.logins.refresh("login", token, following, lasts=LASTS, at_most=AT_MOST, address=address))[0]


async def test_each_refresh_token_works_once(store: Store, now: FakeNow) -> None:
    await begin(store)
    assert await refresh(store, "first", "second") == "refreshed"
    now.pass_(hours=1)
    assert await refresh(store, "second", "third") == "refreshed"
    now.pass_(hours=1)
    assert await refresh(store, "second", "mine") == "replayed"
    assert await refresh(store, "third", "fourth") == "gone"
    assert await store.logins.holder("login") is None


async def test_two_requests_at_once_get_one_token_and_keep_the_login(store: Store, now: FakeNow) -> None:
    await begin(store)
    outcomes = await asyncio.gather(refresh(store, "first", "a"), refresh(store, "first", "b"))
    assert sorted(outcomes) == ["just-refreshed", "refreshed"]
    assert await store.logins.holder("login") is not None
    now.pass_(seconds=AT_ONCE.total_seconds())
    assert await refresh(store, "first", "c") == "replayed"


async def test_from_elsewhere_the_token_before_ends_the_login_at_once(store: Store) -> None:
    await begin(store)
    assert await refresh(store, "first", "second") == "refreshed"
    assert await refresh(store, "first", "mine", address="6.6.6.6") == "replayed"
    assert await store.logins.holder("login") is None


async def test_an_older_token_has_no_grace(store: Store) -> None:
    await begin(store)
    await refresh(store, "first", "second")
    await refresh(store, "second", "third")
    assert await refresh(store, "first", "mine") == "replayed"


async def test_a_login_ends_when_it_is_not_used_and_in_any_case(store: Store, now: FakeNow) -> None:
    await begin(store)
    now.pass_(days=7)
    assert await refresh(store, "first", "second") == "gone"
    assert await store.logins.holder("login") is None
    await begin(store, id="other")
    token = "first"
    for day in range(6):
        now.pass_(days=5)
        following = f"token {day}"
        (outcome, _) = await store.logins.refresh("other", token, following, lasts=LASTS, at_most=AT_MOST, address="")
        assert (outcome == "refreshed") == (day < 5), day
        token = following


async def test_revoking_is_immediate_and_only_ones_own_where_one_is_named(store: Store) -> None:
    amy = await begin(store)
    assert not await store.logins.revoke("login", "somebody else")
    assert [login.id for login in await store.logins.list(amy)] == ["login"]
    assert await store.logins.revoke("login", amy)
    assert await store.logins.holder("login") is None
    assert await store.logins.list() == []
    assert await refresh(store, "first", "second") == "gone"


async def test_a_disabled_user_has_no_login_and_no_token(store: Store, now: FakeNow) -> None:
    amy = await begin(store)
    await store.api_tokens.create(ApiToken("t", amy, "ci", ("*",), ("*",), ("*",), now(), None, None, "h"))
    await store.users.set(amy, {"disabled": True})
    assert await store.logins.holder("login") is None
    assert await store.api_tokens.holder("t") is None
    assert await refresh(store, "first", "second") == "gone"


async def test_a_token_ends_when_it_should_and_tells_when_it_was_used(store: Store, now: FakeNow) -> None:
    amy = await make(store, "amy")
    token = ApiToken("t", amy.id, "ci", ("jobs:*",), ("home",), ("*",), now(), now() + timedelta(days=1), None, "h")
    await store.api_tokens.create(token)
    found = await store.api_tokens.holder("t")
    assert found is not None
    assert found[0] == token
    await store.api_tokens.used(found[0])
    [listed] = await store.api_tokens.list(amy.id)
    assert listed.used_at == now()
    now.pass_(days=1)
    assert await store.api_tokens.holder("t") is None
    assert await store.api_tokens.revoke("t")
    assert not await store.api_tokens.revoke("t")


async def test_attempts_at_once_get_no_further_than_one_by_one(store: Store, now: FakeNow) -> None:
    answers = await asyncio.gather(*(store.attempts.begin({"name:amy": LIMIT, "address:1": LIMIT}) for _ in range(8)))
    assert sorted(bool(numbers) for _, numbers in answers) == [False] * 5 + [True] * 3
    assert await store.attempts.wait_s("name:amy", LIMIT) == 60
    now.pass_(seconds=59)
    assert await store.attempts.wait_s("name:amy", LIMIT) == 1
    assert (await store.attempts.begin({"name:bob": LIMIT, "address:1": LIMIT}))[0] == 1
    assert await store.attempts.wait_s("name:bob", LIMIT) == 0  # what was refused is not counted
    now.pass_(seconds=1)
    assert (await store.attempts.begin({"name:amy": LIMIT, "address:1": LIMIT}))[0] == 0


async def test_a_success_forgives_the_name_but_not_what_the_address_did_to_others(store: Store) -> None:
    limits = {"name:amy": LIMIT, "address:1": LIMIT}
    await store.attempts.begin({"name:bob": LIMIT, "address:1": LIMIT})
    await store.attempts.begin(limits)
    _, numbers = await store.attempts.begin(limits)
    await store.attempts.succeeded(numbers, "name:amy")
    assert await store.attempts.wait_s("name:amy", Limit(1, 60)) == 0
    assert await store.attempts.wait_s("address:1", Limit(2, 60)) == 60
    assert await store.attempts.wait_s("address:1", LIMIT) == 0
    await store.attempts.forgive("name:bob")
    assert await store.attempts.wait_s("name:bob", Limit(1, 60)) == 0


async def test_a_login_that_a_browser_goes_on_with_comes_back_once_and_in_time(store: Store, now: FakeNow) -> None:
    def pending(state: str) -> PendingLogin:
        return PendingLogin(state, "sso", {"kept": {"verifier": "hunter2"}}, now.at + timedelta(minutes=10))

    await store.pending_logins.begin(pending("a"))
    assert await store.pending_logins.take("b") is None
    found = await asyncio.gather(*(store.pending_logins.take("a") for _ in range(4)))
    [one] = [each for each in found if each is not None]
    assert (one.provider, one.content) == ("sso", {"kept": {"verifier": "hunter2"}})
    assert "hunter2" not in repr(one)
    await store.pending_logins.begin(pending("c"))
    async with store.users.database.read() as connection:
        assert "hunter2" not in str((await connection.execute(select(pending_logins))).all())
    now.pass_(minutes=10)
    assert await store.pending_logins.take("c") is None
    await store.pending_logins.begin(pending("d"))
    now.pass_(minutes=10)
    await store.pending_logins.begin(pending("e"))  # forgets what nobody came back with
    async with store.users.database.read() as connection:
        assert [row.state for row in await connection.execute(select(pending_logins))] == ["e"]
