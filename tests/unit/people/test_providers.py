"""Logins from elsewhere: who becomes a user, in which groups, and who may say so. On both databases."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from proxmox_mpc.actions._people import NotYours
from proxmox_mpc.actions._providers import ProviderUnknown
from proxmox_mpc.actions.login_ways import LoginWaysRequest, login_ways
from proxmox_mpc.actions.provider_delete import ProviderDeleteRequest, provider_delete
from proxmox_mpc.actions.provider_list import ProviderListRequest, provider_list
from proxmox_mpc.actions.provider_set import ProviderInvalid, ProviderSetRequest, provider_set
from proxmox_mpc.actions.whoami import WhoamiRequest, whoami
from proxmox_mpc.errors import UsageError
from proxmox_mpc.people import limits
from proxmox_mpc.people.errors import LoginFailed, NotLoggedIn, TooManyAttempts
from proxmox_mpc.people.providers import Proved
from proxmox_mpc.store import LastAdmin, RecordMissing, Role, SecretKey, Store
from proxmox_mpc.store.models import login_providers
from tests.people import OWNER, PASSWORD, Server

LDAP = {"type": "ldap", "url": "ldaps://ldap.example.org", "base": "dc=example,dc=org", "bindDn": "cn=search"}


class Directory:
    """A provider that knows people by their ids, and takes one password from all."""

    def __init__(self, *people: Proved) -> None:
        self.people = {one.name: one for one in people}

    async def test(self) -> str:
        return "it answers"

    async def prove(self, name: str, password: str) -> Proved | None:
        return self.people.get(name) if password == PASSWORD else None


@pytest.fixture
def server(store: Store, quick_passwords: None) -> Server:
    return Server(store)


async def keep(server: Server, who: Any = OWNER, **asked: Any) -> Any:
    request = {"name": "corp", "settings": LDAP, "createUsers": "all", **asked}
    return await server.ask(who, provider_set, ProviderSetRequest.model_validate(request))


@pytest.mark.parametrize(
    ("policy", "groups", "comes_in"),
    [("all", (), True), ("grouped", ("Ops",), True), ("grouped", ("sales",), False), ("none", ("ops",), False)],
)
async def test_who_is_new_becomes_a_user_where_the_policy_says_so(
    server: Server, policy: str, groups: tuple[str, ...], comes_in: bool
) -> None:
    for name in ("web", "everybody"):
        await server.store.groups.create(name)
    mapping = {"web": ["ops", "dev"], "everybody": ["*"]}
    await server.provide("corp", Directory(Proved("1", "amy", groups=groups)), groups=mapping, create_users=policy)
    if not comes_in:
        with pytest.raises(LoginFailed):
            await server.login("amy", provider="corp")
        assert await server.store.users.find("amy") is None
        return
    await server.login("amy", provider="corp")
    user = await server.store.users.get("amy")
    expected = ["everybody", "web"] if groups else ["everybody"]
    assert await server.store.groups.of_user(user.id) == expected
    assert (server.written[-1].outcome, server.written[-1].detail) == ("ok", {"provider": "corp"})


async def test_groups_are_renewed_at_each_login_and_those_that_people_made_stay(server: Server) -> None:
    for name in ("web", "db", "own"):
        await server.store.groups.create(name)
    directory = Directory(Proved("1", "amy", groups=("ops",)))
    await server.provide("corp", directory, groups={"web": ["ops"], "db": ["dba"]})
    await server.login("amy", provider="corp")
    user = await server.store.users.get("amy")
    await server.store.groups.add("own", [user.id])
    directory.people["amy"] = Proved("1", "amy", "Amy\nPond", groups=("dba",))
    await server.login("amy", provider="corp")
    assert await server.store.groups.of_user(user.id) == ["db", "own"]
    assert (await server.store.users.get("amy")).display_name == "AmyPond"


async def test_a_name_is_no_way_into_an_account_of_somebody_else(server: Server) -> None:
    await server.user("admin", "admin")
    directory = Directory(Proved("9", "admin"), Proved("1", "Amy Pond"), Proved("\x00", "nul"), Proved("2", "bob"))
    await server.provide("corp", directory)
    await server.provide("other", Directory(Proved("2", "bob")))
    for name in ("admin", "amy pond", "nul"):
        directory.people[name] = directory.people.get(name) or directory.people["Amy Pond"]
        with pytest.raises(LoginFailed):
            await server.login(name, provider="corp")
    await server.login("bob", provider="corp")
    with pytest.raises(LoginFailed):  # the same id elsewhere is somebody else
        await server.login("bob", provider="other")
    directory.people["bob"] = Proved("3", "bob")
    with pytest.raises(LoginFailed):  # the name came to another person there
        await server.login("bob", provider="corp")


async def test_two_first_logins_at_once_are_one_user(server: Server) -> None:
    await server.provide("corp", Directory(Proved("1", "amy")))
    results = await asyncio.gather(*(server.login("amy", provider="corp") for _ in range(3)))
    assert {result.user for result in results} == {"amy"}
    assert len(await server.store.users.list()) == 1


async def test_who_is_disabled_stays_out_and_guessing_is_limited(server: Server) -> None:
    await server.provide("corp", Directory(Proved("1", "amy")))
    await server.login("amy", provider="corp")
    user = await server.store.users.get("amy")
    await server.store.users.set(user.id, {"disabled": True})
    with pytest.raises(LoginFailed):
        await server.login("amy", provider="corp")
    for _ in range(limits.BY_NAME.failures):
        with pytest.raises(LoginFailed):
            await server.login("bob", "a wrong password", provider="corp")
    with pytest.raises(TooManyAttempts):
        await server.login("bob", provider="corp", address="10.9.9.9")


async def test_what_is_set_is_shown_without_its_secret_which_is_encrypted(server: Server) -> None:
    await server.store.groups.create("web")
    await keep(server, secret="hunter2-hunter2", groups={"web": ["cn=ops,dc=example"]}, createUsers="grouped")
    [shown] = (await server.ask(OWNER, provider_list, ProviderListRequest())).items
    assert (shown.has_secret, shown.settings.type, shown.groups) == (True, "ldap", {"web": ["cn=ops,dc=example"]})
    async with server.store.users.database.read() as connection:
        row = (await connection.execute(select(login_providers))).one()
    assert "hunter2" not in f"{row}{shown!r}{server.written}{await server.store.login_providers.list()}"
    assert (await server.store.login_providers.get("corp")).secret == "hunter2-hunter2"
    assert await server.store.login_providers.find("other") is None
    ways = await server.ask(OWNER, login_ways, LoginWaysRequest())
    assert [(way.name, way.by) for way in ways.items] == [("local", "password"), ("corp", "password")]


async def test_a_secret_that_was_kept_is_sent_to_no_other_place(server: Server) -> None:
    await keep(server, secret="hunter2-hunter2")
    await keep(server, settings={**LDAP, "filter": "(mail={name})"})
    assert (await server.store.login_providers.get("corp")).secret == "hunter2-hunter2"
    for change in ({"url": "ldaps://evil.example"}, {"url": "ldap://ldap.example.org", "plain": True}, {"ca": "x"}):
        with pytest.raises(ProviderInvalid, match="another place"):
            await keep(server, settings={**LDAP, **change})
    await keep(server, settings={**LDAP, "url": "ldaps://new.example"}, secret="")
    assert (await server.store.login_providers.get("corp")).secret == ""


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"name": "local"}, UsageError),
        ({"name": "manual"}, UsageError),
        ({"groups": {"nogroup": ["x"]}}, RecordMissing),
        ({"createUsers": "grouped"}, ProviderInvalid),
        ({"settings": {"type": "pve", "context": "nowhere", "realm": "pve"}}, ProviderInvalid),
        ({"settings": {**LDAP, "url": "ldaps://u:p@host"}}, ValueError),
        ({"settings": {**LDAP, "url": "http://host"}}, ValueError),
        ({"settings": {**LDAP, "filter": "(uid=amy)"}}, ValueError),
        ({"settings": {**LDAP, "unknown": 1}}, ValueError),
        ({"settings": {"type": "oidc", "issuer": "http://idp.example", "clientId": "x"}}, ValueError),
        ({"settings": {"type": "oidc", "issuer": "https://idp.example?x=1", "clientId": "x"}}, ValueError),
    ],
)
async def test_what_cannot_be_a_provider_is_refused(server: Server, asked: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        await keep(server, **asked)
    assert await server.store.login_providers.list() == []


async def test_nobody_gets_more_by_deciding_who_comes_in(server: Server) -> None:
    await server.store.roles.create(Role("gatekeeper", "", ("providers:*",)))
    await server.user("admin", "admin")
    user = await server.user("eve")
    await server.store.grants.add("user", user.id, "gatekeeper", ["*"], ["*"], built_in=False)
    eve = await server.enter("eve")
    await server.store.groups.create("admins")
    await server.store.grants.add("group", "admins", "admin", ["*"], ["*"], built_in=True)
    with pytest.raises(NotYours):  # a group that may more than she
        await keep(server, eve, groups={"admins": ["*"]})
    await server.provide("corp", Directory(Proved("1", "amy")))
    await server.login("amy", provider="corp")
    amy = await server.store.users.get("amy")
    await keep(server, eve)  # as long as nobody who comes in by it may more
    await server.store.grants.add("user", amy.id, "operator", ["home"], ["*"], built_in=True)
    for again in (keep(server, eve), server.ask(eve, provider_delete, ProviderDeleteRequest(name="corp"))):
        with pytest.raises(NotYours):
            await again
    await server.ask(OWNER, provider_delete, ProviderDeleteRequest(name="corp"))
    with pytest.raises(NotYours):  # nor by making one of the same name anew
        await keep(server, eve)


async def test_without_its_provider_nobody_comes_in_and_sessions_end(server: Server) -> None:
    await server.provide("corp", Directory(Proved("1", "amy")))
    for change in ("disabled", "deleted"):
        who = await server.who((await server.login("amy", provider="corp")).access_token)
        token = (await server.login("amy", provider="corp")).access_token
        assert (await server.ask(who, whoami, WhoamiRequest())).name == "amy"
        record = await server.store.login_providers.get("corp")
        if change == "disabled":
            await server.store.login_providers.put(replace(record, enabled=False))
        else:
            await server.store.login_providers.delete("corp")
        with pytest.raises(NotLoggedIn):
            await server.who(token)
        with pytest.raises(ProviderUnknown):
            await server.login("amy", provider="corp")
        await server.store.login_providers.put(replace(record, enabled=True))


async def test_the_last_admins_provider_stays(server: Server) -> None:
    await server.provide("corp", Directory(Proved("1", "amy")))
    await server.login("amy", provider="corp")
    amy = await server.store.users.get("amy")
    await server.store.grants.add("user", amy.id, "admin", ["*"], ["*"], built_in=True)
    with pytest.raises(LastAdmin):
        await server.store.login_providers.delete("corp")
    await server.login("amy", provider="corp")


async def test_secrets_are_encrypted_anew_with_a_new_key(server: Server, open_store: Any) -> None:
    await keep(server, secret="hunter2-hunter2")
    async with open_store(SecretKey(["another passphrase", "a passphrase for tests"])) as store:
        assert await store.reseal() >= 1
    async with open_store(SecretKey(["another passphrase"])) as store:
        assert (await store.login_providers.get("corp")).secret == "hunter2-hunter2"
