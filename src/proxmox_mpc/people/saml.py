"""SAML 2.0, web browser profile: a browser logs in elsewhere, and brings back what that one signed.

Only what was signed is read, and only the answer to the question that was asked: there is no login that an identity
provider begins. The answer comes to this server by a form; whoever began then takes it with a code, as of OpenID.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from proxmox_mpc import telemetry
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.provider_settings import SamlSettings
from proxmox_mpc.people.providers import Begun, Proved
from proxmox_mpc.people.saml_metadata import POST, PROTOCOL
from proxmox_mpc.people.saml_signature import SAML, SAMLP, Refused, only, signed_assertion

_log = telemetry.Logger("people")
ENTITY_PATH = "/auth/saml/metadata"
"""After the server's URL: what it is called there, where it also describes itself."""
ANSWER_PATH = "/auth/saml/acs"
"""Where browsers bring the answers."""
SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may differ."""
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True)
class Saml:
    """One identity provider, as this server at `own_url` knows it."""

    settings: SamlSettings
    own_url: str
    now: Callable[[], datetime]

    async def begin(self, redirect: str, state: str) -> Begun:
        """Where the browser goes: with a question whose answer only this login can be."""
        idp, id = self.settings.identity_provider, f"_{secrets.token_hex(20)}"
        asked = ElementTree.Element(
            f"{SAMLP}AuthnRequest",
            {
                "ID": id,
                "Version": "2.0",
                "IssueInstant": self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "Destination": idp.url,
                "ProtocolBinding": POST,
                "AssertionConsumerServiceURL": f"{self.own_url}{ANSWER_PATH}",
            },
        )
        ElementTree.SubElement(asked, f"{SAML}Issuer").text = f"{self.own_url}{ENTITY_PATH}"
        ElementTree.SubElement(asked, f"{SAMLP}NameIDPolicy", {"AllowCreate": "true"})
        packed = zlib.compress(ElementTree.tostring(asked), wbits=-15)
        query = urlencode({"SAMLRequest": base64.b64encode(packed).decode(), "RelayState": state})
        return Begun(f"{idp.url}{'&' if urlsplit(idp.url).query else '?'}{query}", {"asked": id, "redirect": redirect})

    async def answered(self, kept: Mapping[str, Any], response: str) -> tuple[dict[str, Any], str]:
        """What has to be kept once a browser brought the answer, and the code for whoever began. Raises LoginFailed."""
        try:
            proved = await asyncio.to_thread(self._read, response, str(kept["asked"]))
        except Refused as refusal:
            _log.warning("a login by SAML was refused", why=str(refusal))
            raise LoginFailed(
                "the provider's answer does not count", hint="begin again; the server's log says why"
            ) from None
        code = secrets.token_urlsafe(32)
        return {"proved": asdict(proved), "code": _hash(code)}, code

    async def complete(self, kept: Mapping[str, Any], code: str, issuer: str) -> Proved:
        """Whom the answer that came meanwhile proves."""
        if "proved" not in kept or not hmac.compare_digest(_hash(code), str(kept["code"])):
            raise LoginFailed("the code is none of this login", hint="begin again")
        return Proved(**{**kept["proved"], "groups": tuple(kept["proved"]["groups"])})

    async def test(self) -> str:
        """What is known of it, and what has to be known of us there."""
        from cryptography.x509 import load_der_x509_certificate

        idp = self.settings.identity_provider
        ends = [load_der_x509_certificate(one).not_valid_after_utc for one in idp.certificates]
        good = [end for end in ends if end > self.now()]
        return (
            f"{idp.entity_id} is described"
            + (
                f", its certificate is good until {max(good):%Y-%m-%d}"
                if good
                else ", but no certificate is good any more"
            )
            + f"\nregister there: entity ID {self.own_url}{ENTITY_PATH}, answers (ACS) to {self.own_url}{ANSWER_PATH}"
        )

    def _read(self, response: str, asked: str) -> Proved:
        """Raises Refused."""
        assertion = signed_assertion(
            response, self.settings.identity_provider, f"{self.own_url}{ANSWER_PATH}", self.now()
        )
        self._check(assertion, asked)
        return self._proved(assertion)

    def _check(self, assertion: Any, asked: str) -> None:
        """Whether it is meant for us, now, as the answer to what was asked."""
        if _text(assertion, "Issuer") != self.settings.identity_provider.entity_id:
            raise Refused("another one signed it")
        conditions = only(assertion, "Conditions")
        self._in_time(conditions, "the assertion")
        restrictions = conditions.findall(f"{SAML}AudienceRestriction")
        for restriction in restrictions:
            if f"{self.own_url}{ENTITY_PATH}" not in [_whole(one) for one in restriction.findall(f"{SAML}Audience")]:
                raise Refused("it is meant for another audience")
        if not restrictions:
            raise Refused("it does not say for whom it is meant (AudienceRestriction)")
        subject = only(assertion, "Subject")
        if not any(self._confirms(one, asked) for one in subject.findall(f"{SAML}SubjectConfirmation")):
            raise Refused("it is not the answer to what was asked here (SubjectConfirmationData)")
        statements = assertion.findall(f"{SAML}AuthnStatement")
        if not statements:
            raise Refused("nobody logged in (AuthnStatement)")
        for statement in statements:
            if (end := statement.get("SessionNotOnOrAfter")) and _time(end) <= self.now() - SKEW:
                raise Refused("the session there is over")

    def _confirms(self, confirmation: Any, asked: str) -> bool:
        data = confirmation.find(f"{SAML}SubjectConfirmationData")
        if confirmation.get("Method") != _BEARER or data is None or not data.get("NotOnOrAfter"):
            return False
        if data.get("Recipient") != f"{self.own_url}{ANSWER_PATH}" or data.get("InResponseTo") != asked:
            return False
        self._in_time(data, "its confirmation")
        return True

    def _in_time(self, element: Any, what: str) -> None:
        begin, end = element.get("NotBefore"), element.get("NotOnOrAfter")
        if (begin and _time(begin) > self.now() + SKEW) or (end and _time(end) <= self.now() - SKEW):
            raise Refused(f"{what} is good from {begin} until {end}, which is not now")

    def _proved(self, assertion: Any) -> Proved:
        told = dict(_attributes(assertion))

        def first(attribute: str) -> str:
            return next(iter(told.get(attribute, ())), "")

        name_id = only(assertion, "Subject").find(f"{SAML}NameID")
        named = _whole(name_id) if name_id is not None else ""
        id = first(self.settings.id_attribute) if self.settings.id_attribute else named
        if not self.settings.id_attribute and name_id is not None and name_id.get("Format") == _TRANSIENT:
            raise Refused("the NameID is another one each time: have it persistent, or set idAttribute")
        name = first(self.settings.name_attribute) if self.settings.name_attribute else named
        for value, what in ((id, self.settings.id_attribute), (name, self.settings.name_attribute)):
            if not value:
                known = ", ".join(sorted(told)) or "none"
                raise Refused(f"it tells no {what or 'NameID'}; attributes: {known}")
        return Proved(
            external_id=f"{self.settings.identity_provider.entity_id} {id}",
            name=name,
            display_name=first(self.settings.display_attribute),
            email=first(self.settings.email_attribute),
            groups=tuple(told.get(self.settings.groups_attribute, ())),
        )


def own_metadata(own_url: str) -> str:
    """This server, as identity providers want it described."""
    md = "{urn:oasis:names:tc:SAML:2.0:metadata}"
    entity = ElementTree.Element(f"{md}EntityDescriptor", {"entityID": f"{own_url}{ENTITY_PATH}"})
    about = {"protocolSupportEnumeration": PROTOCOL, "AuthnRequestsSigned": "false", "WantAssertionsSigned": "true"}
    role = ElementTree.SubElement(entity, f"{md}SPSSODescriptor", about)
    place = {"Binding": POST, "Location": f"{own_url}{ANSWER_PATH}", "index": "0", "isDefault": "true"}
    ElementTree.SubElement(role, f"{md}AssertionConsumerService", place)
    return ElementTree.tostring(entity, encoding="unicode", xml_declaration=True)


def _attributes(assertion: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Attributes by their names, and by their friendly names where nothing else is called so."""
    found = [*assertion.iterfind(f"{SAML}AttributeStatement/{SAML}Attribute")]
    for key in ("FriendlyName", "Name"):
        gathered: dict[str, list[str]] = {}
        for one in found:
            if name := one.get(key):
                gathered.setdefault(name, []).extend(filter(None, map(_whole, one.findall(f"{SAML}AttributeValue"))))
        yield from ((name, tuple(values)) for name, values in gathered.items())


def _text(parent: Any, name: str) -> str:
    return _whole(only(parent, name))


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text[:50]!r} is no time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _whole(element: Any) -> str:
    return "".join(element.itertext()).strip()
