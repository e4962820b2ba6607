"""Logins by SAML: what an identity provider signed counts, once, for whoever asked, and nothing else."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._logins import LoginResult
from proxmox_mpc.actions.provider_test import ProviderTestRequest, provider_test
from proxmox_mpc.actions.saml_answer import SamlAnswerRequest, saml_answer
from proxmox_mpc.actions.sso_begin import SsoBeginRequest, SsoBeginResult, sso_begin
from proxmox_mpc.actions.sso_complete import SsoCompleteRequest, sso_complete
from proxmox_mpc.people import limits, saml
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.provider_settings import SamlSettings
from proxmox_mpc.store import LoginProvider, Store
from proxmox_mpc.store.limit import Limit
from tests.people import OWN_URL, OWNER, Server
from tests.saml import ENTITY, NAMES, Idp
from tests.unit.store.conftest import FakeNow

pytest.importorskip("xmlsec", reason="the identity provider of these tests signs by xmlsec, which has wheels for Linux")
LOOPBACK = "http://127.0.0.1:49152/callback"
ANYBODY = Who("anonymous", address="10.0.0.1")
IDP = Idp()
"""Keys take their time."""


@pytest.fixture
def database() -> str:
    """What a provider answers does not depend on the database."""
    return "sqlite"


@pytest.fixture
def now() -> FakeNow:
    return FakeNow(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
async def server(store: Store, quick_passwords: None) -> Server:
    await store.groups.create("operators")
    made = Server(store)
    await keep(made, IDP.metadata())
    return made


async def keep(server: Server, metadata: str, **settings: Any) -> None:
    told = {"type": "saml", "metadata": metadata, "name_attribute": "uid", **settings}
    provider = LoginProvider("corp", "saml", told, {"operators": ["ops"]}, "grouped")
    await server.store.login_providers.put(provider)


async def begin(server: Server) -> SsoBeginResult:
    return await server.ask(ANYBODY, sso_begin, SsoBeginRequest(provider="corp", redirect=LOOPBACK))


async def bring(server: Server, form: dict[str, str]) -> dict[str, str]:
    """What the browser comes back to the command line with."""
    asked = SamlAnswerRequest(state=form["RelayState"], response=form["SAMLResponse"])
    url = (await server.ask(ANYBODY, saml_answer, asked)).url
    assert url.startswith(f"{LOOPBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def complete(server: Server, begun: SsoBeginResult, came: dict[str, str]) -> LoginResult:
    asked = SsoCompleteRequest(state=came["state"], code=came["code"], binding=begun.binding)
    return await server.ask(ANYBODY, sso_complete, asked)


async def log_in(server: Server, now: FakeNow, idp: Idp = IDP, **changes: Any) -> LoginResult:
    begun = await begin(server)
    return await complete(server, begun, await bring(server, idp.answer(begun.url, now=now(), **changes)))


class Refused:
    """How an answer is refused."""

    def __init__(self, server: Server, now: FakeNow, output: pytest.CaptureFixture[str]) -> None:
        self._server, self._now, self._output = server, now, output

    async def __call__(self, idp: Idp = IDP, **changes: Any) -> str:
        """Why an answer does not count, by the log; whoever brought it learns only that."""
        begun = await begin(self._server)
        came = await bring(self._server, idp.answer(begun.url, now=self._now(), **changes))
        assert came["error_description"] == "the provider's answer does not count"
        assert "code" not in came
        assert self._server.written[-1].outcome == "auth.login-failed"
        with pytest.raises(LoginFailed, match="over"):
            await complete(self._server, begun, {**came, "code": "x"})
        return self.why()

    def why(self) -> str:
        return str(json.loads(self._output.readouterr().err.splitlines()[-1])["why"])


@pytest.fixture
def refused(server: Server, now: FakeNow, capsys: pytest.CaptureFixture[str]) -> Refused:
    return Refused(server, now, capsys)


async def test_a_browser_logs_somebody_in(server: Server, now: FakeNow) -> None:
    for _ in range(2):  # made at the first time, known at the second
        result = await log_in(server, now)
        assert (await server.who(result.access_token)).name == "amy"
    [user] = await server.store.users.list()
    assert (user.provider, user.external_id) == ("corp", f"{ENTITY} u-4711")
    assert await server.store.groups.of_user(user.id) == ["operators"]
    assert (server.written[-1].subject, server.written[-1].outcome) == ("amy", "ok")
    assert await server.store.attempts.wait_s(limits.of_browsers("10.0.0.1"), Limit(1, 300)) == 0


@pytest.mark.parametrize("changes", [{"signs": "Response"}, {"method": "RSA_SHA512"}])
async def test_what_else_is_signed_well(server: Server, now: FakeNow, changes: dict[str, Any]) -> None:
    assert (await log_in(server, now, **changes)).user == "amy"


async def test_a_key_that_was_changed_there_is_one_of_several(server: Server, now: FakeNow) -> None:
    new = Idp()
    await keep(server, IDP.metadata(new))
    assert (await log_in(server, now)).user == "amy"
    assert (await log_in(server, now, new)).user == "amy"


async def test_an_answer_counts_once_and_for_whoever_asked(server: Server, now: FakeNow) -> None:
    begun = await begin(server)
    form = IDP.answer(begun.url, now=now())
    came = await bring(server, form)
    with pytest.raises(LoginFailed, match="none of this login"):
        await complete(server, begun, {**came, "code": "another"})
    begun = await begin(server)
    form = IDP.answer(begun.url, now=now())
    came = await bring(server, form)
    await complete(server, begun, came)
    with pytest.raises(LoginFailed, match="begun here"):  # what somebody kept is worth nothing
        await bring(server, form)
    with pytest.raises(LoginFailed):
        await complete(server, begun, came)
    victims, own = await begin(server), await begin(server)
    came = await bring(server, IDP.answer(victims.url, now=now()))
    with pytest.raises(LoginFailed, match="somebody else"):  # who has the code has not the secret
        await complete(server, own, came)


async def test_an_answer_of_one_login_is_none_to_another(server: Server, now: FakeNow, refused: Refused) -> None:
    """A login of the attacker's own slipped to somebody, or an answer that was stolen."""
    one, other = await begin(server), await begin(server)
    form = IDP.answer(one.url, now=now()) | {"RelayState": IDP.answer(other.url, now=now())["RelayState"]}
    assert "error" in await bring(server, form)
    assert "not the answer to what was asked" in refused.why()


async def test_nobody_is_logged_in_whom_nobody_asked_for(server: Server) -> None:
    with pytest.raises(LoginFailed, match="not begun here"):
        await bring(server, {"RelayState": "x", "SAMLResponse": "eA=="})


async def test_a_login_that_takes_too_long_is_over(server: Server, now: FakeNow) -> None:
    begun = await begin(server)
    form = IDP.answer(begun.url, now=now() + timedelta(minutes=9))
    now.pass_(minutes=10)
    with pytest.raises(LoginFailed, match="over"):
        await bring(server, form)


def at(path: str, **attributes: str | None) -> Any:
    """A change of attributes; None takes one away."""

    def change(response: Any) -> None:
        element = response if path == "." else response.find(path, NAMES)
        for name, value in attributes.items():
            if value is None:
                del element.attrib[name]
            else:
                element.set(name, value)

    return change


def text(path: str, value: str) -> Any:
    def change(response: Any) -> None:
        response.find(path, NAMES).text = value

    return change


def without(path: str) -> Any:
    def change(response: Any) -> None:
        element = response.find(path, NAMES)
        element.getparent().remove(element)

    return change


_DATA = ".//a:SubjectConfirmationData"
_AUDIENCE = ".//a:AudienceRestriction"


def another_audience(response: Any) -> None:
    """Two restrictions have to hold both."""
    restriction = copy.deepcopy(response.find(_AUDIENCE, NAMES))
    restriction[0].text = "https://other.example.org"
    response.find(".//a:Conditions", NAMES).append(restriction)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (text("a:Assertion/a:Issuer", "https://other.example.org"), "another one signed"),
        (text(".//a:Audience", "https://other.example.org"), "another audience"),
        (another_audience, "another audience"),
        (without(_AUDIENCE), "does not say for whom"),
        (without(".//a:Conditions"), "0 of Conditions"),
        (at(_DATA, InResponseTo="_other"), "not the answer"),
        (at(_DATA, InResponseTo=None), "not the answer"),
        (at(_DATA, Recipient=f"{OWN_URL}/auth/saml/acs/more"), "not the answer"),
        (at(_DATA, Recipient=None), "not the answer"),
        (at(_DATA, NotOnOrAfter=None), "not the answer"),
        (at(_DATA, NotOnOrAfter="2026-03-01T11:58:59Z"), "not now"),
        (at(_DATA, NotOnOrAfter="soon"), "no time"),
        (at(".//a:SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), "not the answer"),
        (at(".//a:Conditions", NotOnOrAfter="2026-03-01T11:59:00Z"), "not now"),
        (at(".//a:Conditions", NotBefore="2026-03-01T12:01:01Z"), "not now"),
        (at(".//a:AuthnStatement", SessionNotOnOrAfter="2026-03-01T11:00:00Z"), "session there is over"),
        (without(".//a:AuthnStatement"), "nobody logged in"),
        (text(".//a:NameID", ""), "no NameID"),
        (at(".//a:NameID", Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), "another one each time"),
        (without(".//a:AttributeStatement"), "no uid; attributes: none"),
    ],
)
async def test_what_is_signed_has_to_fit(refused: Refused, change: Any, why: str) -> None:
    assert why in await refused(before=change)


@pytest.mark.parametrize(
    "change", [at(_DATA, NotOnOrAfter="2026-03-01T11:59:30Z"), at(".//a:Conditions", NotBefore="2026-03-01T12:00:30Z")]
)
async def test_clocks_may_differ_a_little(server: Server, now: FakeNow, change: Any) -> None:
    assert (await log_in(server, now, before=change)).user == "amy"


def wrapped(response: Any) -> None:
    """The signed one is put aside, and another one into its place (signature wrapping)."""
    signed = response.find("a:Assertion", NAMES)
    evil = copy.deepcopy(signed)
    evil.remove(evil.find("ds:Signature", NAMES))
    evil.find(".//a:NameID", NAMES).text = "admin"
    evil.set("ID", "_evil")
    response.replace(signed, evil)
    response.find("p:Status", NAMES).append(signed)


def inside(response: Any) -> None:
    """The signed one goes into the signature of the one that is read."""
    signed = response.find("a:Assertion", NAMES)
    evil = copy.deepcopy(signed)
    evil.find(".//a:NameID", NAMES).text = "admin"
    evil.set("ID", "_evil")
    response.replace(signed, evil)
    evil.find("ds:Signature", NAMES).append(signed)


def twice(response: Any) -> None:
    signed = response.find("a:Assertion", NAMES)
    evil = copy.deepcopy(signed)
    evil.find(".//a:NameID", NAMES).text = "admin"
    evil.remove(evil.find("ds:Signature", NAMES))
    signed.addprevious(evil)


def same_id(response: Any) -> None:
    signed = response.find("a:Assertion", NAMES)
    response.set("ID", signed.get("ID"))
    signed.find(".//a:NameID", NAMES).text = "admin"


def encrypted(response: Any) -> None:
    assertion = response.find("a:Assertion", NAMES)
    assertion.tag = f"{{{NAMES['a']}}}EncryptedAssertion"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"after": text(".//a:NameID", "admin")}, "does not hold"),
        ({"after": text(".//a:AttributeValue", "admin")}, "does not hold"),
        ({"after": text(".//ds:SignatureValue", "AAAA")}, "does not hold"),
        ({"after": wrapped}, "2 assertions"),
        ({"after": inside}, "2 assertions"),
        ({"after": twice}, "2 assertions"),
        ({"after": same_id}, "does not hold"),
        ({"signs": ""}, "neither the assertion nor the response is signed"),
        ({"method": "RSA_SHA1"}, "does not hold"),
        ({"signs": "Response", "after": text(".//a:NameID", "admin")}, "does not hold"),
        ({"signs": "", "before": encrypted}, "encrypted"),
        ({"after": at(".", Destination="https://other.example.org/acs")}, "another place"),
        ({"after": at("p:Status/p:StatusCode", Value="urn:oasis:names:tc:SAML:2.0:status:Requester")}, "Requester"),
        ({"signed_once": lambda xml: f'<!DOCTYPE x [<!ENTITY e "admin">]>{xml}'}, "document type"),
        ({"signed_once": lambda xml: xml.replace("Response", "Answer")}, "no Response"),
        ({"signed_once": lambda xml: xml[:-20]}, "no XML"),
    ],
)
async def test_what_was_not_signed_is_not_read(refused: Refused, changes: dict[str, Any], why: str) -> None:
    assert why in await refused(**changes)


async def test_another_key_signs_for_nobody(refused: Refused) -> None:
    assert "does not hold" in await refused(Idp())


async def test_a_certificate_that_is_over_signs_for_nobody(server: Server, refused: Refused) -> None:
    old = Idp(key=IDP.key, valid_days=30)
    await keep(server, old.metadata())
    assert "does not hold" in await refused(old)
    said = (await server.ask(OWNER, provider_test, ProviderTestRequest(name="corp"))).detail
    assert "no certificate is good any more" in said


async def test_a_comment_cuts_no_name(server: Server, now: FakeNow) -> None:
    """Comments are not signed: who may choose a name there could put one in."""

    def comment(xml: str) -> str:
        return xml.replace(">u-4711<", ">u-<!-- -->4711<").replace(">Amy<", ">A<!---->my<")

    await log_in(server, now, signed_once=comment)
    [user] = await server.store.users.list()
    assert (user.name, user.external_id) == ("amy", f"{ENTITY} u-4711")


async def test_who_is_in_no_group_that_is_named_stays_out(server: Server, now: FakeNow) -> None:
    with pytest.raises(LoginFailed, match="not yet a user"):
        await log_in(server, now, Idp(key=IDP.key, attributes={"uid": ["bob"], "groups": ["dev"]}))


async def test_attributes_are_found_by_their_long_names(server: Server, now: FakeNow) -> None:
    long = "http://schemas.example.org/ws/2008/06/identity/claims/groups"
    await keep(server, IDP.metadata(), groups_attribute=long, id_attribute="oid")
    idp = Idp(key=IDP.key, attributes={"uid": ["amy"], long: ["Ops"], "oid": ["7"]})
    await log_in(server, now, idp)
    [user] = await server.store.users.list()
    assert user.external_id == f"{ENTITY} 7"
    assert await server.store.groups.of_user(user.id) == ["operators"]


async def test_a_test_says_what_is_known_and_what_to_register(server: Server) -> None:
    said = (await server.ask(OWNER, provider_test, ProviderTestRequest(name="corp"))).detail
    assert said.splitlines() == [
        f"{ENTITY} is described, its certificate is good until 2029-12-29",
        f"register there: entity ID {OWN_URL}/auth/saml/metadata, answers (ACS) to {OWN_URL}/auth/saml/acs",
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_a_browser_brings_is_refused_in_words(data: st.DataObject) -> None:
    """Any byte of a signed answer that is changed, cut or doubled is refused, or changes nothing that is read."""
    clock = FakeNow(datetime(2026, 3, 1, 12, tzinfo=UTC))
    told = SamlSettings(type="saml", metadata=IDP.metadata(), name_attribute="uid")
    opened = saml.Saml(told, OWN_URL, clock)
    begun = await opened.begin(LOOPBACK, "state")

    def spoil(xml: str) -> str:
        begin = data.draw(st.integers(0, len(xml)))
        length = data.draw(st.integers(0, 40))
        put = data.draw(st.one_of(st.text(max_size=20), st.just(xml[begin : begin + length] * 2)))
        return xml[:begin] + put + xml[begin + length :]

    form = IDP.answer(begun.url, now=clock(), signed_once=spoil)
    try:
        kept, code = await opened.answered(begun.kept, form["SAMLResponse"])
    except LoginFailed:
        return
    proved = await opened.complete(kept, code, "")
    assert (proved.external_id, proved.name, proved.groups) == (f"{ENTITY} u-4711", "Amy", ("ops", "dev"))
