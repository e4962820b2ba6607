"""Logging in, going on, logging out, and what an attacker makes of it."""

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._gate import NotAllowed, PasswordMustChange
from proxmox_mpc.actions._logins import LoginResult, OnlyByLogin
from proxmox_mpc.actions._providers import ProviderUnknown
from proxmox_mpc.actions.context_delete import ContextDeleteRequest, context_delete
from proxmox_mpc.actions.context_list import ContextListRequest, context_list
from proxmox_mpc.actions.logout import LogoutRequest, logout
from proxmox_mpc.actions.password_change import PasswordChangeRequest, password_change
from proxmox_mpc.actions.refresh import RefreshRequest, refresh
from proxmox_mpc.actions.whoami import WhoamiRequest, whoami
from proxmox_mpc.errors import UnreachableError
from proxmox_mpc.people import limits
from proxmox_mpc.people.errors import (
    JustRefreshed,
    LoginFailed,
    LoginReplayed,
    NotLoggedIn,
    PasswordWeak,
    TooManyAttempts,
)
from proxmox_mpc.people.first_admin import ensure_admin
from proxmox_mpc.people.providers import Proved
from proxmox_mpc.store import Store
from proxmox_mpc.store.models import metadata
from tests.people import OWNER, PASSWORD, Server
from tests.unit.store.conftest import FakeNow

NEW = "a new password entirely"


@pytest.fixture
def server(store: Store, quick_passwords: None) -> Server:
    return Server(store)


async def again(server: Server, token: str, address: str = "10.0.0.1") -> LoginResult:
    return await server.ask(Who("anonymous", address=address), refresh, RefreshRequest(refresh_token=token))


async def test_who_logs_in_is_known_by_name_and_by_what_is_granted(server: Server) -> None:
    await server.user("amy", "operator", "home", "shop")
    result = await server.login(" Amy ", client="laptop")
    who = await server.who(result.access_token)
    assert (who.name, who.user_id, who.token_id) == ("amy", "id-amy", "")
    assert who.access.allows("resources:write", "home", "shop")
    assert not who.access.allows("resources:write", "home")
    [login] = await server.store.logins.list()
    assert (login.id, login.client, login.address) == (who.login_id, "laptop", "10.0.0.1")
    told = await server.ask(who, whoami, WhoamiRequest())
    assert (told.by, told.grants[0].contexts, told.limits) == ("login", ["home"], None)
    [entry] = server.written
    assert (entry.type, entry.who.name, entry.outcome) == ("login", "amy", "ok")


async def test_neither_tokens_nor_passwords_are_shown_or_kept(server: Server) -> None:
    await server.user("amy")
    result = await server.login("amy")
    with pytest.raises(LoginFailed):
        await server.login("amy", "hunter2-hunter2")
    who = await server.who(result.access_token)
    change = PasswordChangeRequest(current_password=PASSWORD, new_password=NEW)
    changed = await server.ask(who, password_change, change)
    async with server.store.users.database.read() as connection:
        rows = [str((await connection.execute(select(table))).all()) for table in metadata.sorted_tables]
    seen = [repr(result), repr(changed), repr(change), repr(server.written), str(server.written), *rows]
    for secret in (PASSWORD, NEW, "hunter2", result.access_token, result.refresh_token, changed.refresh_token):
        assert not any(secret in text for text in seen)


async def test_what_is_wrong_is_not_told(server: Server) -> None:
    await server.user("amy")
    await server.user("gone")
    await server.store.users.set("id-gone", {"disabled": True})
    await server.store.users.set((await server.user("nopass")).id, {"password_hash": None})
    failures = []
    for name, password in (("amy", "wrong"), ("gone", PASSWORD), ("nobody", PASSWORD), ("nopass", ""), ("amy", "")):
        with pytest.raises(LoginFailed) as caught:
            await server.login(name, password)
        failures.append((caught.value.message, caught.value.hint, caught.value.code))
    assert len(set(failures)) == 1
    assert [entry.subject for entry in server.written] == ["amy", "gone", "", "nopass", "amy"]
    assert {entry.outcome for entry in server.written} == {"auth.login-failed"}


async def guess(server: Server, name: str, times: int, address: str = "6.6.6.6") -> None:
    for _ in range(times):
        with pytest.raises(LoginFailed):
            await server.login(name, "wrong", address)


@pytest.mark.parametrize("name", ["amy", "nobody"])
async def test_guessing_at_a_name_ends_and_tells_for_how_long(name: str, server: Server, now: FakeNow) -> None:
    await server.user("amy")
    await guess(server, name, limits.BY_NAME.failures)
    now.pass_(seconds=60)
    with pytest.raises(TooManyAttempts) as caught:
        await server.login(name, PASSWORD, "7.7.7.7")
    assert caught.value.retry_after_s == limits.BY_NAME.window_s - 60
    assert caught.value.headers == {"Retry-After": "840"}
    assert caught.value.http_status == 429
    assert len(server.written) == limits.BY_NAME.failures  # who only knocks does not fill the audit
    now.pass_(seconds=839)
    with pytest.raises(TooManyAttempts):
        await server.login(name, PASSWORD, "7.7.7.7")
    now.pass_(seconds=1)
    if name == "amy":
        assert (await server.login(name)).user == "amy"


async def test_who_is_guessed_at_still_gets_in_from_where_they_came_before(server: Server) -> None:
    await server.user("amy")
    await server.login("amy")
    await guess(server, "amy", limits.BY_NAME.failures)
    assert (await server.login("amy")).user == "amy"
    with pytest.raises(TooManyAttempts):
        await server.login("amy", PASSWORD, "10.0.0.2")


async def test_guessing_at_many_names_from_one_address_ends(server: Server) -> None:
    await server.user("amy")
    for number in range(limits.BY_ADDRESS.failures):
        await guess(server, f"user{number}", 1)
    with pytest.raises(TooManyAttempts):
        await server.login("amy", PASSWORD, "6.6.6.6")
    assert (await server.login("amy")).user == "amy"


async def test_guesses_at_once_are_no_more_than_one_by_one(server: Server) -> None:
    await server.user("amy")
    tries = (server.login("amy", f"guess {n}", f"6.6.6.{n}") for n in range(25))
    outcomes = [type(result).__name__ for result in await asyncio.gather(*tries, return_exceptions=True)]
    assert outcomes.count("LoginFailed") == limits.BY_NAME.failures
    assert outcomes.count("TooManyAttempts") == 25 - limits.BY_NAME.failures


async def test_the_way_to_change_a_password_is_no_way_to_guess_it(server: Server) -> None:
    await server.user("amy")
    who = await server.enter("amy")
    for _ in range(limits.BY_NAME.failures):
        with pytest.raises(LoginFailed):
            await server.ask(who, password_change, PasswordChangeRequest(current_password="x", new_password=NEW))
    with pytest.raises(TooManyAttempts):
        await server.ask(who, password_change, PasswordChangeRequest(current_password=PASSWORD, new_password=NEW))


async def test_a_login_goes_on_by_tokens_that_work_once(server: Server, now: FakeNow) -> None:
    await server.user("amy")
    first = await server.login("amy")
    now.pass_(minutes=15)
    with pytest.raises(NotLoggedIn):
        await server.who(first.access_token)
    second = await again(server, first.refresh_token)
    assert (await server.who(second.access_token)).name == "amy"
    with pytest.raises(JustRefreshed) as caught:
        await again(server, first.refresh_token)
    assert caught.value.headers == {"Retry-After": "10"}
    now.pass_(seconds=10)
    with pytest.raises(LoginReplayed):
        await again(server, first.refresh_token)
    with pytest.raises(NotLoggedIn):
        await server.who(second.access_token)
    with pytest.raises(NotLoggedIn):
        await again(server, second.refresh_token)
    assert [(entry.action, entry.outcome) for entry in server.written][-1] == ("refresh", "auth.login-replayed")


async def test_a_stolen_refresh_token_used_first_ends_the_login_when_its_owner_comes(server: Server) -> None:
    await server.user("amy")
    first = await server.login("amy")
    stolen = await again(server, first.refresh_token, "6.6.6.6")
    with pytest.raises(LoginReplayed):
        await again(server, first.refresh_token)
    with pytest.raises(NotLoggedIn):
        await server.who(stolen.access_token)


async def test_who_knows_a_logins_id_cannot_end_it(server: Server) -> None:
    await server.user("amy")
    result = await server.login("amy")
    who = await server.who(result.access_token)
    for token in (f"pmpr_{who.login_id}.x.y", f"pmpr_{who.login_id}", who.login_id, result.refresh_token + "x"):
        with pytest.raises(NotLoggedIn):
            await again(server, token)
    assert (await server.who(result.access_token)).name == "amy"


async def test_logging_out_counts_at_once(server: Server) -> None:
    await server.user("amy")
    result, other = await server.login("amy"), await server.login("amy")
    await server.ask(await server.who(result.access_token), logout, LogoutRequest())
    with pytest.raises(NotLoggedIn):
        await server.who(result.access_token)
    with pytest.raises(NotLoggedIn):
        await again(server, result.refresh_token)
    assert (await server.who(other.access_token)).name == "amy"


async def test_a_new_password_ends_every_other_login(server: Server) -> None:
    await server.user("amy")
    here, elsewhere = await server.login("amy"), await server.login("amy")
    who = await server.who(here.access_token)
    for weak in ("short", PASSWORD, "amy" * 6):
        with pytest.raises(PasswordWeak):
            await server.ask(who, password_change, PasswordChangeRequest(current_password=PASSWORD, new_password=weak))
    request = PasswordChangeRequest(current_password=PASSWORD, new_password=NEW)
    changed = await server.ask(who, password_change, request)
    for token in (here.access_token, elsewhere.access_token):
        with pytest.raises(NotLoggedIn):
            await server.who(token)
    assert (await server.who(changed.access_token)).name == "amy"
    with pytest.raises(LoginFailed):
        await server.login("amy")
    assert (await server.login("amy", NEW)).user == "amy"


async def test_what_is_taken_or_disabled_counts_at_once(server: Server) -> None:
    await server.user("root", "admin")
    await server.user("amy", "admin")
    result = await server.login("amy")
    assert (await server.who(result.access_token)).access.is_unlimited
    [grant] = await server.store.users.held("id-amy")
    await server.store.grants.remove(grant.id)
    assert (await server.who(result.access_token)).access == Access()
    await server.store.users.set("id-amy", {"disabled": True})
    with pytest.raises(NotLoggedIn):
        await server.who(result.access_token)
    with pytest.raises(NotLoggedIn):
        await again(server, result.refresh_token)


async def test_the_first_admin_has_a_secret_that_is_good_for_changing_it(server: Server) -> None:
    secrets = await asyncio.gather(*(ensure_admin(server.store) for _ in range(3)))
    [secret] = [one for one in secrets if one is not None]
    assert await ensure_admin(server.store) is None
    result = await server.login("admin", secret)
    assert result.must_change_password
    who = await server.who(result.access_token)
    with pytest.raises(PasswordMustChange):
        await server.ask(who, context_list, ContextListRequest())
    assert server.written[-1].type == "denial"
    assert (await server.ask(who, whoami, WhoamiRequest())).must_change_password
    request = PasswordChangeRequest(current_password=secret, new_password=NEW)
    changed = await server.ask(who, password_change, request)
    assert not changed.must_change_password
    assert not (await server.who(changed.access_token)).must_change_password
    assert (await server.who(changed.access_token)).access.is_unlimited
    with pytest.raises(LoginFailed):
        await server.login("admin", secret)


async def test_what_belongs_to_a_login_is_not_for_the_embedded_store_nor_for_tokens(server: Server) -> None:
    for who, error in ((OWNER, NotLoggedIn), (Who("amy", user_id="id-amy", token_id="t"), OnlyByLogin)):
        for action, request in (
            (logout, LogoutRequest()),
            (password_change, PasswordChangeRequest(current_password=PASSWORD, new_password=NEW)),
        ):
            with pytest.raises(error):
                await server.ask(who, action, request)  # type: ignore[arg-type]


class Directory:
    """A provider that knows people by their ids."""

    def __init__(self) -> None:
        self.people = {"amy": Proved("uid=1", "amy", "Amy", groups=("web", "unknown"))}
        self.reachable = True

    async def prove(self, name: str, password: str) -> Proved | None:
        if not self.reachable:
            raise UnreachableError("the directory does not answer")
        return self.people.get(name) if password == PASSWORD else None


async def test_a_provider_answers_for_its_own_people_only(server: Server) -> None:
    directory = Directory()
    await server.store.groups.create("web")
    await server.provide("ldap", directory, groups={"web": ["web"]})
    assert (await server.login("amy", provider="ldap")).user == "amy"
    user = await server.store.users.get("amy")
    assert (user.provider, user.external_id, user.display_name) == ("ldap", "uid=1", "Amy")
    assert await server.store.groups.of_user(user.id) == ["web"]
    with pytest.raises(LoginFailed):  # no password of theirs is kept here
        await server.login("amy")
    directory.people["amy"] = replace(directory.people["amy"], groups=())
    await server.login("amy", provider="ldap")
    assert await server.store.groups.of_user(user.id) == []
    await server.user("bob", "admin")
    directory.people["bob"] = Proved("uid=2", "bob")
    with pytest.raises(LoginFailed):  # the name of another user is no way into that account
        await server.login("bob", provider="ldap")
    with pytest.raises(LoginFailed):
        await server.login("amy", "", provider="ldap")
    with pytest.raises(ProviderUnknown):
        await server.login("amy", provider="oidc")
    directory.reachable = False
    with pytest.raises(UnreachableError):
        await server.login("amy", provider="ldap")
    assert (
        json.dumps([entry.outcome for entry in server.written][-2:])
        == '["auth.login-failed", "auth.provider-unreachable"]'
    )


async def test_who_holds_nothing_may_nothing(server: Server) -> None:
    await server.user("amy")
    who = await server.enter("amy")
    with pytest.raises(NotAllowed):
        await server.ask(who, context_delete, ContextDeleteRequest(name="home"))
