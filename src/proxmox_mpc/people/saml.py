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
from proxmox_mpc.people.saml_metadata import POST, PROTOCOL, IdentityProvider

_log = telemetry.Logger("people")
ENTITY_PATH = "/auth/saml/metadata"
"""After the server's URL: what it is called there, where it also describes itself."""
ANSWER_PATH = "/auth/saml/acs"
"""Where browsers bring the answers."""
SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may differ."""
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_SAMLP = f"{{{PROTOCOL}}}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


class _Refused(Exception):
    """Why an answer does not count: for the log."""


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
            f"{_SAMLP}AuthnRequest",
            {
                "ID": id,
                "Version": "2.0",
                "IssueInstant": self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "Destination": idp.url,
                "ProtocolBinding": POST,
                "AssertionConsumerServiceURL": f"{self.own_url}{ANSWER_PATH}",
            },
        )
        ElementTree.SubElement(asked, f"{_SAML}Issuer").text = f"{self.own_url}{ENTITY_PATH}"
        ElementTree.SubElement(asked, f"{_SAMLP}NameIDPolicy", {"AllowCreate": "true"})
        packed = zlib.compress(ElementTree.tostring(asked), wbits=-15)
        query = urlencode({"SAMLRequest": base64.b64encode(packed).decode(), "RelayState": state})
        return Begun(f"{idp.url}{'&' if urlsplit(idp.url).query else '?'}{query}", {"asked": id, "redirect": redirect})

    async def answered(self, kept: Mapping[str, Any], response: str) -> tuple[dict[str, Any], str]:
        """What has to be kept once a browser brought the answer, and the code for whoever began. Raises LoginFailed."""
        try:
            proved = await asyncio.to_thread(self._read, response, str(kept["asked"]))
        except _Refused as refusal:
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
        """Raises _Refused."""
        assertion = _signed_assertion(
            response, self.settings.identity_provider, f"{self.own_url}{ANSWER_PATH}", self.now()
        )
        self._check(assertion, asked)
        return self._proved(assertion)

    def _check(self, assertion: Any, asked: str) -> None:
        """Whether it is meant for us, now, as the answer to what was asked."""
        if _text(assertion, "Issuer") != self.settings.identity_provider.entity_id:
            raise _Refused("another one signed it")
        conditions = _only(assertion, "Conditions")
        self._in_time(conditions, "the assertion")
        restrictions = conditions.findall(f"{_SAML}AudienceRestriction")
        for restriction in restrictions:
            if f"{self.own_url}{ENTITY_PATH}" not in [_whole(one) for one in restriction.findall(f"{_SAML}Audience")]:
                raise _Refused("it is meant for another audience")
        if not restrictions:
            raise _Refused("it does not say for whom it is meant (AudienceRestriction)")
        subject = _only(assertion, "Subject")
        if not any(self._confirms(one, asked) for one in subject.findall(f"{_SAML}SubjectConfirmation")):
            raise _Refused("it is not the answer to what was asked here (SubjectConfirmationData)")
        statements = assertion.findall(f"{_SAML}AuthnStatement")
        if not statements:
            raise _Refused("nobody logged in (AuthnStatement)")
        for statement in statements:
            if (end := statement.get("SessionNotOnOrAfter")) and _time(end) <= self.now() - SKEW:
                raise _Refused("the session there is over")

    def _confirms(self, confirmation: Any, asked: str) -> bool:
        data = confirmation.find(f"{_SAML}SubjectConfirmationData")
        if confirmation.get("Method") != _BEARER or data is None or not data.get("NotOnOrAfter"):
            return False
        if data.get("Recipient") != f"{self.own_url}{ANSWER_PATH}" or data.get("InResponseTo") != asked:
            return False
        self._in_time(data, "its confirmation")
        return True

    def _in_time(self, element: Any, what: str) -> None:
        begin, end = element.get("NotBefore"), element.get("NotOnOrAfter")
        if (begin and _time(begin) > self.now() + SKEW) or (end and _time(end) <= self.now() - SKEW):
            raise _Refused(f"{what} is good from {begin} until {end}, which is not now")

    def _proved(self, assertion: Any) -> Proved:
        told = dict(_attributes(assertion))

        def first(attribute: str) -> str:
            return next(iter(told.get(attribute, ())), "")

        name_id = _only(assertion, "Subject").find(f"{_SAML}NameID")
        named = _whole(name_id) if name_id is not None else ""
        id = first(self.settings.id_attribute) if self.settings.id_attribute else named
        if not self.settings.id_attribute and name_id is not None and name_id.get("Format") == _TRANSIENT:
            raise _Refused("the NameID is another one each time: have it persistent, or set idAttribute")
        name = first(self.settings.name_attribute) if self.settings.name_attribute else named
        for value, what in ((id, self.settings.id_attribute), (name, self.settings.name_attribute)):
            if not value:
                known = ", ".join(sorted(told)) or "none"
                raise _Refused(f"it tells no {what or 'NameID'}; attributes: {known}")
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


def _signed_assertion(response: str, idp: IdentityProvider, here: str, now: datetime) -> Any:
    """The assertion, read again from the very bytes that were signed."""
    document = _parsed(response)
    if document.tag != f"{_SAMLP}Response":
        raise _Refused("it is no Response")
    status = document.find(f"{_SAMLP}Status/{_SAMLP}StatusCode")
    if status is None or status.get("Value") != _SUCCESS:
        # It is not signed: it can only refuse.
        codes = [one.get("Value", "").rpartition(":")[2] for one in document.iter(f"{_SAMLP}StatusCode")]
        raise _Refused(f"the identity provider refuses: {' '.join(codes)[:200]}")
    if document.get("Destination", here) != here:
        raise _Refused("it is meant for another place (Destination)")
    if document.find(f".//{_SAML}EncryptedAssertion") is not None:
        raise _Refused("the assertion is encrypted, and this server has no key for that: switch it off there")
    assertions = [*document.iter(f"{_SAML}Assertion")]
    if len(assertions) != 1 or assertions[0].getparent() is not document:
        raise _Refused(f"it holds {len(assertions)} assertions where one is read")
    if assertions[0].find(_SIGNATURE) is not None:
        return _verified(document, f"./{_SAML}Assertion/", f"{_SAML}Assertion", idp, now)
    if document.find(_SIGNATURE) is None:
        raise _Refused("neither the assertion nor the response is signed")
    return _only(_verified(document, "./", f"{_SAMLP}Response", idp, now), "Assertion")


def _verified(document: Any, location: str, tag: str, idp: IdentityProvider, now: datetime) -> Any:
    from cryptography.x509 import load_der_x509_certificate
    from lxml.etree import LxmlError
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    methods = {"RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512"}
    methods |= {"SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1"}
    wanted = SignatureConfiguration(
        location=location,
        signature_methods=frozenset(SignatureMethod[name] for name in methods),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in ("SHA256", "SHA384", "SHA512")),
        verification_time=now,
    )
    why = "it is signed by nobody who is known"
    for certificate in idp.certificates:
        try:
            result: Any = XMLVerifier().verify(
                document, x509_cert=load_der_x509_certificate(certificate), id_attribute="ID", expect_config=wanted
            )
        except (SignXMLException, LxmlError, ValueError, KeyError, AttributeError, TypeError) as error:
            why = f"the signature does not hold: {error}"[:300]
            continue
        signed = _element(result.signed_data)
        if signed.tag != tag:
            raise _Refused("what is signed is something else")
        return signed
    raise _Refused(why)


def _parsed(response: str) -> Any:
    try:
        return _element(base64.b64decode("".join(response.split()), validate=True))
    except ValueError:
        raise _Refused("it is not base64") from None


def _element(content: bytes) -> Any:
    from lxml import etree

    # Comments are taken out: they are not signed, and what stands around one is one text.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _Refused(f"it is no XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise _Refused("it declares a document type")
    return root


def _attributes(assertion: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Attributes by their names, and by their friendly names where nothing else is called so."""
    found = [*assertion.iterfind(f"{_SAML}AttributeStatement/{_SAML}Attribute")]
    for key in ("FriendlyName", "Name"):
        gathered: dict[str, list[str]] = {}
        for one in found:
            if name := one.get(key):
                gathered.setdefault(name, []).extend(filter(None, map(_whole, one.findall(f"{_SAML}AttributeValue"))))
        yield from ((name, tuple(values)) for name, values in gathered.items())


def _only(parent: Any, name: str) -> Any:
    found = parent.findall(f"{_SAML}{name}")
    if len(found) != 1:
        raise _Refused(f"it holds {len(found)} of {name} where one is read")
    return found[0]


def _text(parent: Any, name: str) -> str:
    return _whole(_only(parent, name))


def _whole(element: Any) -> str:
    return "".join(element.itertext()).strip()


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(f"{text[:50]!r} is no time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
