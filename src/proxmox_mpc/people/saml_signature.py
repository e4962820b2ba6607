"""What of a SAML response was signed, and by whom: only that is handed on."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from proxmox_mpc.people.saml_metadata import PROTOCOL, IdentityProvider

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = f"{{{PROTOCOL}}}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


class Refused(Exception):
    """Why an answer does not count: for the log."""


def signed_assertion(response: str, idp: IdentityProvider, here: str, now: datetime) -> Any:
    """The assertion, read again from the very bytes that were signed."""
    document = _parsed(response)
    if document.tag != f"{SAMLP}Response":
        raise Refused("it is no Response")
    status = document.find(f"{SAMLP}Status/{SAMLP}StatusCode")
    if status is None or status.get("Value") != _SUCCESS:
        # It is not signed: it can only refuse.
        codes = [one.get("Value", "").rpartition(":")[2] for one in document.iter(f"{SAMLP}StatusCode")]
        raise Refused(f"the identity provider refuses: {' '.join(codes)[:200]}")
    if document.get("Destination", here) != here:
        raise Refused("it is meant for another place (Destination)")
    if document.find(f".//{SAML}EncryptedAssertion") is not None:
        raise Refused("the assertion is encrypted, and this server has no key for that: switch it off there")
    assertions = [*document.iter(f"{SAML}Assertion")]
    if len(assertions) != 1 or assertions[0].getparent() is not document:
        raise Refused(f"it holds {len(assertions)} assertions where one is read")
    if assertions[0].find(_SIGNATURE) is not None:
        return _verified(document, f"./{SAML}Assertion/", f"{SAML}Assertion", idp, now)
    if document.find(_SIGNATURE) is None:
        raise Refused("neither the assertion nor the response is signed")
    return only(_verified(document, "./", f"{SAMLP}Response", idp, now), "Assertion")


def _verified(document: Any, location: str, tag: str, idp: IdentityProvider, now: datetime) -> Any:
    from cryptography.x509 import load_der_x509_certificate
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    methods = {"RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512"}
    methods |= {"SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1"}
    wanted = SignatureConfiguration(
        location=location,
        signature_methods=frozenset(SignatureMethod[name] for name in methods),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in ("SHA256", "SHA384", "SHA512")),
        verification_time=now,
        ignore_ambiguous_key_info=True,  # the key is the metadata's in any case
    )
    why = "it is signed by nobody who is known"
    for certificate in idp.certificates:
        try:
            result: Any = XMLVerifier().verify(
                document, x509_cert=load_der_x509_certificate(certificate), id_attribute="ID", expect_config=wanted
            )
        except Exception as error:  # whatever cannot be checked does not hold
            why = f"the signature does not hold: {error or type(error).__name__}"[:300]
            continue
        signed = _element(result.signed_data)
        if signed.tag != tag:
            raise Refused("what is signed is something else")
        return signed
    raise Refused(why)


def _parsed(response: str) -> Any:
    try:
        return _element(base64.b64decode("".join(response.split()), validate=True))
    except ValueError:
        raise Refused("it is not base64") from None


def _element(content: bytes) -> Any:
    from lxml import etree

    # Comments are taken out: they are not signed, and what stands around one is one text.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Refused(f"it is no XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise Refused("it declares a document type")
    return root


def only(parent: Any, name: str) -> Any:
    found = parent.findall(f"{SAML}{name}")
    if len(found) != 1:
        raise Refused(f"it holds {len(found)} of {name} where one is read")
    return found[0]
