"""Certificates that templates make: what stands in them, and that they fit together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from proxmox_mpc.charts.engine import RenderError, Source, render
from proxmox_mpc.charts.language.state import Environment

NOW = datetime(2024, 2, 29, 12, tzinfo=UTC)
CUT = "=====\n"


def rendered(template: str) -> list[str]:
    files = {"c/templates/a.yaml": Source(template.replace("CUT", CUT), {}, "c/templates")}
    return render(files, Environment(now=lambda: NOW))["c/templates/a.yaml"].split(CUT)


def test_a_signed_certificate_is_trusted_by_its_authority_for_its_names() -> None:
    made = rendered(
        '{{ $ca := genCA "my-ca" 365 }}{{ $c := genSignedCert "web" (list "10.0.0.1") (list "web.lan" "*.web.lan") 30 $ca }}'
        "{{ $ca.Cert }}CUT{{ $c.Cert }}CUT{{ $c.Key }}"
    )
    ca, cert = (x509.load_pem_x509_certificate(text.encode()) for text in made[:2])
    verifier = (
        PolicyBuilder().store(Store([ca])).time(NOW + timedelta(days=1)).build_server_verifier(x509.DNSName("web.lan"))
    )
    assert verifier.verify(cert, []) == [cert, ca]
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.lan", "*.web.lan"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("10.0.0.1")]
    assert (cert.not_valid_before_utc, cert.not_valid_after_utc) == (NOW, NOW + timedelta(days=30))
    assert cert.subject.rfc4514_string() == "CN=web"
    assert cert.issuer.rfc4514_string() == "CN=my-ca"
    key = load_pem_private_key(made[2].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert key.public_key() == cert.public_key()
    assert made[2].startswith("-----BEGIN RSA PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    ("kind", "wanted", "header"),
    [
        ("ecdsa", ec.EllipticCurvePrivateKey, "EC PRIVATE KEY"),
        ("ed25519", ed25519.Ed25519PrivateKey, "PRIVATE KEY"),
        ("dsa", dsa.DSAPrivateKey, "DSA PRIVATE KEY"),
    ],
)
def test_a_key_has_its_kinds_own_form(kind: str, wanted: type, header: str) -> None:
    (text,) = rendered(f'{{{{ genPrivateKey "{kind}" }}}}')
    assert text.startswith(f"-----BEGIN {header}-----\n")
    assert isinstance(load_pem_private_key(text.encode(), None), wanted)


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_a_certificate_takes_a_key_that_is_given(kind: str) -> None:
    cert, key = rendered(
        f'{{{{ $k := genPrivateKey "{kind}" }}}}{{{{ $c := genSelfSignedCertWithKey "a" nil nil 5 $k }}}}'
        "{{ $c.Cert }}CUT{{ $k }}"
    )
    made = x509.load_pem_x509_certificate(cert.encode())
    assert made.public_key() == load_pem_private_key(key.encode(), None).public_key()
    made.verify_directly_issued_by(made)


@pytest.mark.parametrize(
    "template",
    [
        '{{ genCA "a" 99999999 }}',
        '{{ genSelfSignedCert "a" nil (list "é") 1 }}',
        '{{ genCAWithKey "a" 1 "-----BEGIN RSA PRIVATE KEY-----\\nAAAA\\n-----END RSA PRIVATE KEY-----\\n" }}',
        '{{ genCAWithKey "a" 1 "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n" }}',
        '{{ buildCustomCert ("-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n" | b64enc) "" }}',
    ],
)
def test_what_makes_no_certificate_is_an_error_with_a_place(template: str) -> None:
    with pytest.raises(RenderError, match=r"a\.yaml.*error calling (gen|build)"):
        rendered(template)


def test_days_before_today_make_a_certificate_that_ran_out_at_once() -> None:
    (text,) = rendered('{{ (genSelfSignedCert "a" nil nil -1).Cert }}')
    assert x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc <= NOW
