"""How identity providers describe themselves, and how this server does."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from proxmox_mpc.people import saml
from proxmox_mpc.people.provider_settings import SamlSettings
from proxmox_mpc.people.saml_metadata import read_metadata
from tests.people import OWN_URL
from tests.saml import ENTITY, Idp

IDP = Idp()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda xml: xml[:100], "no XML"),
        (lambda xml: "<a/>", "describes 0"),
        (lambda xml: xml.replace("IDPSSODescriptor", "SPSSODescriptor"), "describes 0"),
        (lambda xml: xml.replace("https://idp.example.org/sso", "http://idp.example.org/sso"), "https URL"),
        (lambda xml: xml.replace("https://idp.example.org/sso", "javascript:alert(1)"), "https URL"),
        (lambda xml: xml.replace("HTTP-Redirect", "SOAP"), "https URL"),
        (lambda xml: xml.replace(f'entityID="{ENTITY}"', ""), "entityID"),
        (lambda xml: xml.replace('use="signing"', 'use="encryption"'), "no certificate"),
        (lambda xml: xml.replace("<ds:X509Certificate>M", "<ds:X509Certificate>N"), "that is none"),
        (lambda xml: xml.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1), "document type"),
    ],
)
def test_metadata_that_cannot_be_used_say_why(change: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_metadata(change(IDP.metadata()))
    with pytest.raises(ValidationError, match=why):
        SamlSettings(type="saml", metadata=change(IDP.metadata()))


def test_this_server_describes_itself() -> None:
    told = saml.own_metadata(OWN_URL)
    for part in (f'entityID="{OWN_URL}/auth/saml/metadata"', f'Location="{OWN_URL}/auth/saml/acs"', "HTTP-POST"):
        assert part in told
