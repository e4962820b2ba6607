"""Logins by OpenID: with a real provider, and with one that answers what it should not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._logins import LoginResult
from proxmox_mpc.actions._providers import ProviderUnknown
from proxmox_mpc.actions.provider_test import ProviderTestRequest, provider_test
from proxmox_mpc.actions.sso_begin import RedirectRefused, SsoBeginRequest, SsoBeginResult, sso_begin
from proxmox_mpc.actions.sso_complete import SsoCompleteRequest, sso_complete
from proxmox_mpc.bootstrap.outbound import Outbound, OutboundRefused
from proxmox_mpc.bootstrap.providers import Opening
from proxmox_mpc.errors import MpcError
from proxmox_mpc.people import limits
from proxmox_mpc.people.errors import LoginFailed, TooManyAttempts
from proxmox_mpc.people.providers import ProviderUnreachable
from proxmox_mpc.store import LoginProvider, Store
from proxmox_mpc.store.limit import Limit
from tests import openid
from tests.directories import certificate
from tests.people import OWN_URL, OWNER, Server
from tests.unit.store.conftest import FakeNow

LOOPBACK = "http://127.0.0.1:49152/callback"
# The library of the provider that is used here has not moved to its own successor.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ANYBODY = Who("anonymous", address="10.0.0.1")
AMY = {"preferred_username": "Amy", "name": "Amy Pond", "email": "amy@example.org", "groups": ["ops"]}


@pytest.fixture
def database() -> str:
    """What a provider answers does not depend on the database."""
    return "sqlite"


@pytest.fixture
def now() -> FakeNow:
    """Providers sign with the machine's time."""
    return FakeNow(datetime.now(UTC))


@pytest.fixture
async def server(store: Store, quick_passwords: None) -> Server:
    await store.groups.create("operators")
    return Server(store)


async def keep(server: Server, issuer: str, secret: str = "s3cret-of-client", **settings: Any) -> None:
    told = {"type": "oidc", "issuer": issuer, "client_id": openid.CLIENT, **settings}
    await server.store.login_providers.put(
        LoginProvider("sso", "oidc", told, {"operators": ["ops"]}, "grouped", secret=secret)
    )


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid.provider(**{"sub-1": AMY, "sub-2": {"preferred_username": "bob"}}) as running:
        yield running


@pytest.fixture
async def real(server: Server, issuer: str) -> Server:
    await keep(server, issuer)
    return server


async def begin(server: Server, redirect: str = LOOPBACK, who: Who = ANYBODY) -> SsoBeginResult:
    return await server.ask(who, sso_begin, SsoBeginRequest(provider="sso", redirect=redirect))


async def complete(server: Server, begun: SsoBeginResult, **given: str) -> LoginResult:
    asked = {"state": begun.state, "binding": begun.binding, **given}
    return await server.ask(ANYBODY, sso_complete, SsoCompleteRequest.model_validate(asked))


async def by_browser(begun: SsoBeginResult, sub: str) -> dict[str, str]:
    return openid.came_back(await asyncio.to_thread(openid.consent, begun.url, sub))


async def test_a_browser_logs_somebody_in(real: Server) -> None:
    for _ in range(2):  # made at the first time, known at the second
        begun = await begin(real)
        came = await by_browser(begun, "sub-1")
        assert came["state"] == begun.state
        result = await complete(real, begun, **came)
        who = await real.who(result.access_token)
        assert who.name == "amy"
    [user] = await real.store.users.list()
    assert (user.provider, user.display_name, user.email) == ("sso", "Amy Pond", "amy@example.org")
    assert user.external_id.endswith(" sub-1")
    assert await real.store.groups.of_user(user.id) == ["operators"]
    assert (real.written[-1].subject, real.written[-1].outcome) == ("amy", "ok")
    assert real.written[-1].detail == {"provider": "sso"}
    assert await real.store.attempts.wait_s(limits.of_browsers("10.0.0.1"), Limit(1, 300)) == 0


async def test_who_is_in_no_group_that_is_named_stays_out(real: Server) -> None:
    begun = await begin(real)
    with pytest.raises(LoginFailed, match="not yet a user"):
        await complete(real, begun, **await by_browser(begun, "sub-2"))


async def test_a_state_is_good_once_and_for_whoever_began(real: Server) -> None:
    begun = await begin(real)
    came = await by_browser(begun, "sub-1")
    await complete(real, begun, **came)
    with pytest.raises(LoginFailed, match="already"):
        await complete(real, begun, **came)
    victims, own = await begin(real), await begin(real)
    came = await by_browser(victims, "sub-1")
    with pytest.raises(LoginFailed, match="somebody else"):  # who stole the callback has not the secret
        await complete(real, own, **came)
    with pytest.raises(LoginFailed, match="already"):  # and after that it is worth nothing to anybody
        await complete(real, victims, **came)
    assert [entry.outcome for entry in real.written] == ["ok", "auth.login-failed"]


async def test_a_code_of_another_login_is_worth_nothing(real: Server) -> None:
    """Who slips a code of their own into somebody's login, or the other way round."""
    victims, own = await begin(real), await begin(real)
    code = (await by_browser(victims, "sub-1"))["code"]
    with pytest.raises(LoginFailed):
        await complete(real, own, code=code)


async def test_a_login_that_takes_too_long_is_over(real: Server, now: FakeNow) -> None:
    begun = await begin(real)
    came = await by_browser(begun, "sub-1")
    now.pass_(minutes=10)
    with pytest.raises(LoginFailed, match="over"):
        await complete(real, begun, **came)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/callback",
        f"{OWN_URL}.evil.example/auth/callback",
        f"{OWN_URL}@evil.example/auth/callback",
        f"{OWN_URL}/elsewhere",
        "http://127.0.0.1:80@evil.example/x",
        "http://127.0.0.1:80\\@evil.example/x",
        "http://127.0.0.1.evil.example:80/x",
        "http://127.0.0.1:80/x?y=//evil",
        "http://localhost:80/x",
        "http://10.0.0.5:80/x",
        "javascript:alert(1)",
        "",
    ],
)
async def test_a_browser_is_sent_back_to_this_server_or_its_own_machine_only(real: Server, redirect: str) -> None:
    with pytest.raises(RedirectRefused):
        await begin(real, redirect)
    for good in (f"{OWN_URL}/auth/callback", LOOPBACK, "http://[::1]:5000/callback"):
        assert parse_qs(urlsplit((await begin(real, good)).url).query)["redirect_uri"] == [good]


async def test_what_is_sent_with_the_browser_tells_no_secret(real: Server) -> None:
    begun = await begin(real)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["nonce"]) >= 32
    assert len(asked["state"]) >= 32
    assert begun.binding not in begun.url
    assert "s3cret" not in begun.url
    assert begun.binding not in repr(begun)


async def test_beginning_without_end_is_limited(real: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BY_BROWSER", Limit(4, 300))
    for _ in range(4):
        await begin(real)
    with pytest.raises(TooManyAttempts, match="the next may come in 5 minutes"):
        await begin(real)
    waits = await real.store.attempts.wait_s(limits.of_address("10.0.0.1"), limits.BY_ADDRESS)
    assert waits == 0, "who has a password still gets in"
    await begin(real, who=Who("anonymous", address="10.0.0.2"))


async def test_a_password_does_not_go_where_a_browser_should_nor_the_other_way_round(real: Server) -> None:
    with pytest.raises(ProviderUnknown, match="with a password"):
        await real.login("amy", provider="sso")
    with pytest.raises(ProviderUnknown, match="by a browser"):
        await real.ask(ANYBODY, sso_begin, SsoBeginRequest(provider="local", redirect=LOOPBACK))


async def test_it_is_tested_and_not_reached_where_the_server_must_not(real: Server, issuer: str) -> None:
    result = await real.ask(OWNER, provider_test, ProviderTestRequest(name="sso"))
    assert result.detail == f"{issuer} answers, with 1 key"
    record = await real.store.login_providers.get("sso")
    opened = await Opening(real.store, real.store.users.database.now, Outbound()).open(record)
    with pytest.raises(OutboundRefused):
        await opened.test()
    await keep(real, f"{issuer}/")
    with pytest.raises(ProviderUnreachable, match="another issuer's"):
        await real.ask(OWNER, provider_test, ProviderTestRequest(name="sso"))
    with pytest.raises(ProviderUnreachable) as caught:
        await begin(real)
    assert issuer not in str(caught.value)


@pytest.fixture
async def liar(server: Server) -> AsyncIterator[openid.Hostile]:
    async with openid.hostile() as one:
        await keep(server, one.issuer)
        yield one


async def come_back(server: Server, liar: openid.Hostile, **given: str) -> LoginResult:
    begun = await begin(server)
    liar.nonce = parse_qs(urlsplit(begun.url).query)["nonce"][0]
    return await complete(server, begun, **{"code": "c0de", **given})


async def test_the_client_proves_itself_and_that_it_began(server: Server, liar: openid.Hostile) -> None:
    assert (await come_back(server, liar)).user == "amy"
    [form] = liar.forms
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["redirect_uri"]) == ("c0de", LOOPBACK)
    assert len(form["code_verifier"]) >= 43
    assert form["authorization"].startswith("Basic ")
    assert "client_secret" not in form
    liar.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await come_back(server, liar)
    assert liar.forms[-1]["client_secret"] == "s3cret-of-client"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": [openid.CLIENT, "another"]},
        {"aud": [openid.CLIENT, "another"], "azp": "another"},
        {"aud": None},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"nonce": "another login's"},
        {"nonce": None},
        {"nonce": "\ud800"},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 10**400},
        {"iat": 1},
        {"iat": None},
        {"iat": 4102444800},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 300},
        {"sub": "\x00"},
        {"preferred_username": None},
        {"preferred_username": "Amy Pond"},
        {"preferred_username": ["amy"]},
    ],
)
async def test_a_token_that_is_not_for_this_login_does_not_count(
    server: Server, liar: openid.Hostile, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    assert await server.store.users.list() == []
    assert [entry.outcome for entry in server.written] == ["auth.login-failed"]


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "HS256", "kid": "x"}, {"kid": "other"}])
async def test_a_token_that_is_not_signed_by_its_keys_does_not_count(
    server: Server, liar: openid.Hostile, header: dict[str, Any]
) -> None:
    liar.header = header
    with pytest.raises(LoginFailed):
        await come_back(server, liar)


async def test_keys_that_were_changed_count_at_once(server: Server, liar: openid.Hostile) -> None:
    await come_back(server, liar)
    liar.signs = old = liar.key
    liar.key = RSAKey.generate_key(2048, {"kid": "two"})
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    liar.signs, liar.header = old, {"kid": "two"}
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    liar.signs = None
    assert (await come_back(server, liar)).user == "amy"


async def test_a_provider_of_a_private_authority_is_trusted_by_it_alone(server: Server, tmp_path: Path) -> None:
    tls, ca = certificate(tmp_path, "localhost")
    async with openid.hostile(tls) as one:
        await keep(server, one.issuer)
        with pytest.raises(ProviderUnreachable):
            await come_back(server, one)
        await keep(server, one.issuer, ca=certificate(tmp_path, "other.example")[1])
        with pytest.raises(ProviderUnreachable):
            await come_back(server, one)
        await keep(server, one.issuer, ca="no certificate")
        with pytest.raises(ProviderUnreachable):
            await come_back(server, one)
        assert one.forms == []
        await keep(server, one.issuer, ca=ca)
        assert (await come_back(server, one)).user == "amy"


async def test_who_is_disabled_stays_out_whatever_the_provider_says(server: Server, liar: openid.Hostile) -> None:
    await come_back(server, liar)
    [user] = await server.store.users.list()
    await server.store.users.set(user.id, {"disabled": True})
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    assert [login.user_id for login in await server.store.logins.list()] == []


async def test_a_code_that_another_provider_sent_is_not_shown_to_this_one(server: Server, liar: openid.Hostile) -> None:
    with pytest.raises(LoginFailed):
        await come_back(server, liar, iss="https://another.example")
    assert liar.forms == []
    liar.about = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    assert liar.forms == []
    await come_back(server, liar, iss=liar.issuer)


async def test_what_the_token_does_not_say_is_asked_of_the_same_user(server: Server, liar: openid.Hostile) -> None:
    liar.claims = {"groups": None}
    liar.userinfo = {"sub": "1", "groups": ["ops"], "name": "Amy", "iss": "x", "preferred_username": "mallory"}
    assert (await come_back(server, liar)).user == "amy"
    [user] = await server.store.users.list()
    assert await server.store.groups.of_user(user.id) == ["operators"]
    liar.userinfo = {**liar.userinfo, "sub": "2"}
    with pytest.raises(LoginFailed):
        await come_back(server, liar)


async def test_an_address_that_nobody_verified_is_no_name(server: Server, liar: openid.Hostile) -> None:
    await keep(server, liar.issuer, name_claim="email")
    liar.claims = {"email": "boss@example.org"}
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
    liar.claims |= {"email_verified": True}
    assert (await come_back(server, liar)).user == "boss@example.org"


@pytest.mark.parametrize(
    "about",
    [
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": 7},
        {"jwks_uri": "https://[broken"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"issuer": "https://evil.example"},
    ],
)
async def test_a_description_that_leads_elsewhere_is_not_followed(
    server: Server, liar: openid.Hostile, about: dict[str, Any]
) -> None:
    liar.about = about
    with pytest.raises(ProviderUnreachable):
        await begin(server)


@pytest.mark.parametrize("answer", [[], {}, {"id_token": 5}, {"id_token": "a.b.c"}, {"id_token": "x" * 70000}, "text"])
async def test_an_answer_that_is_none_is_an_error_of_ours(server: Server, liar: openid.Hostile, answer: Any) -> None:
    liar.answer = answer
    with pytest.raises(MpcError) as caught:
        await come_back(server, liar)
    assert "s3cret" not in str(caught.value)
    liar.status, liar.answer = 400, {"error": "invalid_grant"}
    with pytest.raises(LoginFailed):
        await come_back(server, liar)
