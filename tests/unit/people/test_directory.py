"""Logins by LDAP, against a real directory behind real TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.actions.provider_test import ProviderTestRequest, provider_test
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.providers import ProviderUnreachable
from proxmox_mpc.store import LoginProvider, Store
from tests import directories
from tests.people import OWNER, PASSWORD, Server

# Of the library that is used; Python took it away in 3.12, where the library brings its own.
pytestmark = pytest.mark.filterwarnings("ignore:.*match_hostname:DeprecationWarning")
BASE = "ou=people,dc=example,dc=org"
SEARCHER, SEARCHER_SECRET = "cn=search,dc=example,dc=org", "search-s3cret"
OPS = "cn=ops,ou=groups,dc=example,dc=org"
LDIF = f"""\
dn: dc=org
objectClass: dcObject
dc: org

dn: dc=example,dc=org
objectClass: dcObject
dc: example

dn: {BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: {SEARCHER}
objectClass: person
cn: search
userPassword: {SEARCHER_SECRET}

dn: uid=amy,{BASE}
objectClass: person
uid: amy
cn: Amy Pond
mail: amy@example.org
entryUUID: 11111111-2222
memberOf: {OPS}
userPassword: {PASSWORD}

dn: uid=bob,{BASE}
objectClass: person
uid: bob
cn: Bob
mail: team@example.org
entryUUID: 33333333-4444
userPassword: another password

dn: uid=carl,{BASE}
objectClass: person
uid: carl
cn: Carl
mail: team@example.org
userPassword: {PASSWORD}

dn: uid=noid,{BASE}
objectClass: person
uid: noid
userPassword: {PASSWORD}

dn: {OPS}
objectClass: groupOfNames
cn: ops
member: uid=amy,{BASE}
"""


@pytest.fixture
def database() -> str:
    """What a directory answers does not depend on the database."""
    return "sqlite"


@pytest.fixture(scope="module")
def plain_port() -> Iterator[int]:
    with directories.directory(LDIF) as port:
        yield port


@pytest.fixture
async def server(store: Store, quick_passwords: None) -> Server:
    await store.groups.create("operators")
    return Server(store)


class Corp:
    """The directory as the server knows it."""

    def __init__(self, server: Server, port: int, ca: str) -> None:
        self.server = server
        self.settings: dict[str, Any] = {"type": "ldap", "base": BASE, "ca": ca, "bind_dn": SEARCHER}
        self.settings["url"] = f"ldaps://localhost:{port}"

    async def keep(self, secret: str = SEARCHER_SECRET, groups: str = OPS, **settings: Any) -> None:
        told = {**self.settings, **settings}
        await self.server.store.login_providers.put(
            LoginProvider("corp", "ldap", told, {"operators": [groups]}, "all", secret=secret)
        )

    async def refused(self, name: str, password: str = PASSWORD) -> None:
        with pytest.raises(LoginFailed):
            await self.server.login(name, password, provider="corp")

    async def tested(self) -> str:
        return (await self.server.ask(OWNER, provider_test, ProviderTestRequest(name="corp"))).detail


@pytest.fixture
async def corp(server: Server, plain_port: int, tmp_path: Path) -> AsyncIterator[Corp]:
    tls, ca = directories.certificate(tmp_path, "localhost")
    async with directories.encrypted(plain_port, tls) as port:
        made = Corp(server, port, ca)
        await made.keep()
        yield made


async def test_somebody_of_the_directory_comes_in_with_the_groups_there(corp: Corp) -> None:
    assert (await corp.server.login("amy", provider="corp")).user == "amy"
    user = await corp.server.store.users.get("amy")
    assert (user.provider, user.external_id) == ("corp", "11111111-2222")
    assert (user.display_name, user.email) == ("Amy Pond", "amy@example.org")
    assert await corp.server.store.groups.of_user(user.id) == ["operators"]
    assert await corp.tested() == f"localhost answers, and has {BASE}"


@pytest.mark.parametrize("mapped", ["ops", OPS])
async def test_groups_can_be_searched(corp: Corp, mapped: str) -> None:
    await corp.keep(groups=mapped, member_of="none", group_base="ou=groups,dc=example,dc=org")
    await corp.server.login("amy", provider="corp")
    assert (await corp.server.store.groups.get("operators")).members == {"amy": "corp"}


async def test_who_has_another_password_none_or_no_id_does_not(corp: Corp) -> None:
    await corp.refused("amy", "a wrong password")
    await corp.refused("amy", "")
    await corp.refused("bob")
    await corp.refused("nobody")
    await corp.refused("noid")
    assert await corp.server.store.users.list() == []


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "a*",
        "am\\79",
        "amy)(uid=*",
        "*)(objectClass=*",
        "nobody)(|(uid=amy)",
        "amy\\",
        "{dn}",
        "uid=amy,ou=people",
        "amy,ou=people,dc=example,dc=org",
        "amy\u200b",
        "(",
    ],
)
async def test_a_name_stays_a_name_whatever_it_is(corp: Corp, name: str) -> None:
    await corp.refused(name)
    await corp.keep(filter="(|(uid={name})(mail={name}))")
    await corp.refused(name)


async def test_a_name_of_several_is_nobodys(corp: Corp) -> None:
    await corp.keep(filter="(mail={name})")
    await corp.refused("team@example.org")
    assert (await corp.server.login("amy@example.org", provider="corp")).user == "amy"


async def test_the_password_goes_to_nobody_whose_certificate_is_not_that_of_the_host(
    corp: Corp, plain_port: int, tmp_path: Path
) -> None:
    another, ca = directories.certificate(tmp_path, "ldap.example.org")
    async with directories.encrypted(plain_port, another) as port:
        for trusted in (ca, corp.settings["ca"], ""):  # another host's; an unknown authority's; not public
            await corp.keep(url=f"ldaps://localhost:{port}", ca=trusted)
            with pytest.raises(ProviderUnreachable) as caught:
                await corp.server.login("amy", provider="corp")
            assert PASSWORD not in str(caught.value)


async def test_plain_ldap_is_encrypted_before_anything_is_said(corp: Corp, plain_port: int, tmp_path: Path) -> None:
    tls, ca = directories.certificate(tmp_path, "localhost")
    async with directories.encrypted(plain_port, tls, starts=True) as port:
        await corp.keep(url=f"ldap://localhost:{port}", ca=ca)
        assert (await corp.server.login("amy", provider="corp")).user == "amy"
        await corp.keep(url=f"ldap://localhost:{port}")
        with pytest.raises(ProviderUnreachable):
            await corp.server.login("amy", provider="corp")
    # This one cannot: nothing is told to it, unless that was explicitly accepted.
    await corp.keep(url=f"ldap://localhost:{plain_port}")
    with pytest.raises(ProviderUnreachable):
        await corp.server.login("amy", provider="corp")
    await corp.keep(url=f"ldap://localhost:{plain_port}", plain=True)
    assert (await corp.server.login("amy", provider="corp")).user == "amy"


async def test_who_takes_the_encryption_away_hears_nothing(corp: Corp) -> None:
    heard = bytearray()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read(200)
        heard.extend(asked)
        writer.write(directories.start_tls_answer(asked, directories.PROTOCOL_ERROR))
        heard.extend(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        await corp.keep(url=f"ldap://localhost:{listening.sockets[0].getsockname()[1]}")
        with pytest.raises(ProviderUnreachable):
            await corp.server.login("amy", provider="corp")
    assert directories.START_TLS in heard
    assert SEARCHER_SECRET.encode() not in heard
    assert PASSWORD.encode() not in heard


async def test_a_directory_that_does_not_work_is_said_to(corp: Corp) -> None:
    for change in ({"secret": "wrong"}, {"secret": ""}, {"base": "dc=nowhere"}, {"url": "ldaps://localhost:9"}):
        await corp.keep(**change)
        with pytest.raises(ProviderUnreachable) as caught:
            await corp.tested()
        assert SEARCHER_SECRET not in str(caught.value)
    await corp.keep(filter="((uid={name}")
    with pytest.raises(ProviderUnreachable):
        await corp.server.login("amy", provider="corp")


async def test_who_speaks_something_else_is_no_directory(corp: Corp) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        for url, plain in ((f"ldaps://localhost:{port}", False), (f"ldap://localhost:{port}", True)):
            await corp.keep(url=url, plain=plain)
            with pytest.raises(ProviderUnreachable):
                await corp.server.login("amy", provider="corp")
