"""Certificates of nodes: uploaded with their keys, or ordered; the node's own comes back when they go."""

from __future__ import annotations

import datetime

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxmox_mpc.errors import InvalidInput
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ACCOUNT = manifest(
    "ACMEAccount",
    "default",
    {"contact": ["a@example.org"], "directory": "https://acme-staging-v02.api.letsencrypt.org/directory"},
)
CONFIG = manifest("NodeConfig", "pve-node1", {"acme": {"domains": "a.example.org"}})


def pair(name: str) -> dict[str, str]:
    """A certificate and its key, made for a test."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"certificates": made.public_bytes(encoding).decode(), "key": private.decode()}


def text(spec: dict[str, object]) -> str:
    return yaml.safe_dump_all([manifest("NodeCertificate", "pve-node1", spec), ACCOUNT, CONFIG])


async def subject(it: Lab) -> str:
    return next((str(live.facts["subject"]) for live in await it.lives("NodeCertificate")), "its own")


async def test_one_is_uploaded_replaced_ordered_and_taken_away() -> None:
    first, second = pair("first.example.org"), pair("second.example.org")
    # A chain with other line ends, and a certificate above it, is the same certificate.
    chained = {**second, "certificates": second["certificates"].replace("\n", "\r\n") + first["certificates"]}
    async with lab(as_root=True) as it:
        for spec, name in (
            (first, "first"),
            (second, "second"),
            (chained, "second"),
            ({"acme": True}, "a."),
            (first, "first"),
        ):
            plan = await it.apply(text({**spec, "restart": True}))
            assert "PRIVATE" not in str(plan.steps)
            assert f"CN={name}" in await subject(it)
            assert (await it.plan(text({**spec, "restart": True}))).is_empty
        assert "PRIVATE" not in str([(live.fields, live.facts) for live in await it.lives("NodeCertificate")])
        for spec in (first, {"acme": True}):
            await it.apply(text(spec))
            await it.apply(yaml.safe_dump_all([ACCOUNT, CONFIG]), prune=True)
            assert await subject(it) == "its own"


async def test_one_of_somebody_else_is_taken_over_only_when_asked() -> None:
    theirs = pair("theirs.example.org")
    async with lab() as it:
        await it.pve.post("/nodes/{node}/certificates/custom", {"node": "pve-node1", **theirs})
        plan = await it.plan(yaml.safe_dump(manifest("NodeCertificate", "pve-node1", {**pair("ours.example.org")})))
        assert "nobody owns it" in str(plan.blocked[0].refusal)
        same = yaml.safe_dump(manifest("NodeCertificate", "pve-node1", dict(theirs)))
        assert (await it.plan(same)).is_empty


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({}, "uploaded or ordered"),
        ({**pair("x"), "acme": True}, "uploaded or ordered"),
        ({"certificates": pair("x")["certificates"]}, "needs its key"),
    ],
    ids=["neither", "both", "no key"],
)
async def test_what_makes_no_certificate_is_refused(spec: dict[str, object], why: str) -> None:
    async with lab() as it:
        with pytest.raises(InvalidInput, match=why):
            await it.plan(yaml.safe_dump(manifest("NodeCertificate", "pve-node1", spec)))
