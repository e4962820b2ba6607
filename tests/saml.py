"""An identity provider (SAML 2.0) for tests: it signs by the library that most real ones of its kind use (xmlsec)."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

ENTITY = "https://idp.example.org/saml"
NAMES = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

Change = Callable[[Any], None]


@dataclass
class Idp:
    """Answers what it is asked, and what a test changes of that before it is signed, or after."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    valid_days: int = 3650
    attributes: Mapping[str, list[str]] = field(default_factory=lambda: {"uid": ["Amy"], "groups": ["ops", "dev"]})

    @property
    def certificate(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
        begin = datetime(2020, 1, 1, tzinfo=UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        made = made.serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=self.valid_days))
        return made.sign(self.key, hashes.SHA256())

    def metadata(self, *others: Idp, sign_on: str = "https://idp.example.org/sso?tenant=1") -> str:
        """Its description, with the certificates of others before its own."""
        keys = "".join(_KEY.format(_base64(one.certificate)) for one in (*others, self))
        return _METADATA.format(entity=ENTITY, keys=keys, url=sign_on)

    def answer(
        self,
        url: str,
        *,
        now: datetime | None = None,
        before: Change | None = None,
        after: Change | None = None,
        signs: str = "Assertion",
        method: str = "RSA_SHA256",
        signed_once: Callable[[str], str] | None = None,
    ) -> dict[str, str]:
        """The form that a browser brings after it was sent to `url`."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        asked = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15))
        now = now or datetime.now(UTC)
        text = _RESPONSE.format(
            asked=asked.get("ID"),
            acs=asked.get("AssertionConsumerServiceURL"),
            sp=asked.findtext("a:Issuer", namespaces=NAMES),
            entity=ENTITY,
            format=PERSISTENT,
            now=_time(now),
            end=_time(now + timedelta(minutes=5)),
            attributes="".join(
                f'<a:Attribute Name="{name}">' + "".join(_VALUE.format(value) for value in values) + "</a:Attribute>"
                for name, values in self.attributes.items()
            ),
        )
        response = etree.fromstring(text)
        if before is not None:
            before(response)
        if signs:
            self._sign(response if signs == "Response" else response.find("a:Assertion", NAMES), method)
        if after is not None:
            after(response)
        signed = etree.tostring(response).decode()
        content = signed_once(signed) if signed_once is not None else signed
        return {"SAMLResponse": base64.b64encode(content.encode()).decode(), "RelayState": query["RelayState"]}

    def _sign(self, element: Any, method: str) -> None:
        import xmlsec

        digest = xmlsec.constants.TransformSha1 if "SHA1" in method else xmlsec.constants.TransformSha256
        kind = getattr(xmlsec.constants, f"Transform{method.replace('RSA_SHA', 'RsaSha')}")
        signature = xmlsec.template.create(element, xmlsec.constants.TransformExclC14N, kind, ns="ds")
        element.insert(1, signature)
        reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
        xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
        xmlsec.tree.add_ids(element, ["ID"])
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(private, xmlsec.constants.KeyDataFormatPem)
        shown = self.certificate.public_bytes(serialization.Encoding.PEM)
        context.key.load_cert_from_memory(shown, xmlsec.constants.KeyDataFormatPem)
        context.sign(signature)


def _base64(certificate: x509.Certificate) -> str:
    return base64.encodebytes(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_VALUE = (
    '<a:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">{}</a:AttributeValue>'
)
_KEY = (
    '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
    "<ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
)
_METADATA = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
 <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.org/p"/>
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{url}"/>
 </md:IDPSSODescriptor>
</md:EntityDescriptor>"""
_RESPONSE = """<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="{now}"
 Destination="{acs}" InResponseTo="{asked}"><a:Issuer>{entity}</a:Issuer>
<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>
<a:Assertion ID="_a1" Version="2.0" IssueInstant="{now}"><a:Issuer>{entity}</a:Issuer>
 <a:Subject><a:NameID Format="{format}">u-4711</a:NameID>
  <a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
   <a:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}" InResponseTo="{asked}"/>
  </a:SubjectConfirmation></a:Subject>
 <a:Conditions NotBefore="{now}" NotOnOrAfter="{end}">
  <a:AudienceRestriction><a:Audience>{sp}</a:Audience></a:AudienceRestriction></a:Conditions>
 <a:AuthnStatement AuthnInstant="{now}" SessionIndex="_s1"><a:AuthnContext>
  <a:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</a:AuthnContextClassRef>
 </a:AuthnContext></a:AuthnStatement>
 <a:AttributeStatement>{attributes}</a:AttributeStatement>
</a:Assertion></p:Response>"""
