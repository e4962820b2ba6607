"""What an identity provider (SAML 2.0) says of itself, in the XML that admins are given."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

from proxmox_mpc.people.providers import LOOPBACK

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_NAMES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
_MD = f"{{{_NAMES['md']}}}"


@dataclass(frozen=True)
class IdentityProvider:
    """Where people log in, and by which certificates (DER) their names are signed."""

    entity_id: str
    url: str
    certificates: tuple[bytes, ...]


def read_metadata(text: str) -> IdentityProvider:
    """The identity provider that a document describes. Raises ValueError with what is wrong with it."""
    if "<!" in text.replace("<!--", ""):
        raise ValueError("the metadata must not declare a document type")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  nothing can expand without a document type
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"the metadata is no XML: {error}") from None
    entities = [root] if root.tag == f"{_MD}EntityDescriptor" else root.findall(".//md:EntityDescriptor", _NAMES)
    found = [(entity, role) for entity in entities for role in entity.findall("md:IDPSSODescriptor", _NAMES)]
    if len(found) != 1:
        raise ValueError(f"the metadata has to describe one identity provider, and describes {len(found)}")
    entity, role = found[0]
    entity_id = entity.get("entityID", "")
    if not entity_id or not entity_id.isprintable() or len(entity_id) > 500:
        raise ValueError("the metadata has no entityID")
    return IdentityProvider(entity_id, _sign_on(role), _certificates(role))


def _sign_on(role: ElementTree.Element) -> str:
    services = role.findall("md:SingleSignOnService", _NAMES)
    url = next((one.get("Location", "") for one in services if one.get("Binding") == REDIRECT), "")
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        fits = fits and bool(parts.hostname) and not parts.fragment and url.isprintable() and " " not in url
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("the metadata has no SingleSignOnService with HTTP-Redirect at an https URL")
    return url


def _certificates(role: ElementTree.Element) -> tuple[bytes, ...]:
    from cryptography.x509 import load_der_x509_certificate

    found = []
    for key in role.findall("md:KeyDescriptor", _NAMES):
        if key.get("use", "signing") != "signing":
            continue
        for element in key.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", _NAMES):
            try:
                der = base64.b64decode("".join((element.text or "").split()), validate=True)
                load_der_x509_certificate(der)
            except ValueError:
                raise ValueError("the metadata holds a certificate that is none") from None
            found.append(der)
    if not found:
        raise ValueError("the metadata has no certificate for signing")
    return tuple(found)
