"""Keys and certificates as Go's crypto/x509 makes them for Sprig. Imported only by templates that ask for one."""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_EXPONENT = 65_537
# The sizes that Sprig 3.3 takes: `genPrivateKey` bigger ones than certificates have.
KEY_MAKERS: dict[str, Callable[[], Key]] = {
    "rsa": lambda: rsa.generate_private_key(_EXPONENT, 4096),
    "certificate": lambda: rsa.generate_private_key(_EXPONENT, 2048),
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "dsa": lambda: dsa.generate_private_key(2048),
}
_PEM = re.compile(
    rb"(?:\A|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n(?:[^\n]*:[^\n]*\n)*(.*?)\n?-----END \1-----[ \t\r]*(?:\n|\Z)",
    re.DOTALL,
)
_KEY_KINDS: dict[str, type[Any]] = {
    "RSA": rsa.RSAPrivateKey,
    "EC": ec.EllipticCurvePrivateKey,
    "DSA": dsa.DSAPrivateKey,
}


def pem_block(raw: bytes) -> bytes | None:
    """What the first PEM block of a text holds."""
    found = _first_block(raw)
    return found[1] if found else None


def _first_block(raw: bytes) -> tuple[str, bytes] | None:
    for found in _PEM.finditer(raw):
        try:
            body = base64.b64decode(b"".join(found.group(2).split()), validate=True)
        except binascii.Error:
            continue
        return found.group(1).decode("latin-1"), body
    return None


def read_certificate(raw: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(raw)
    except ValueError:
        raise GoError("x509: malformed certificate") from None


def read_key(text: str) -> Key:
    """A key in PEM; raises GoError in Sprig's words."""
    block = _first_block(go_bytes(text))
    if block is None:
        raise GoError("no PEM data in input")
    kind, raw = block
    if kind == "PRIVATE KEY":
        return _loaded("PRIVATE KEY", raw, object, "decoding PEM as PKCS#8")
    if not kind.endswith(" PRIVATE KEY"):
        raise GoError(f"no private key data in PEM block of type {kind}")
    name = kind.removesuffix(" PRIVATE KEY")
    if name not in _KEY_KINDS:
        raise GoError(f"invalid private key type {kind}")
    return _loaded(kind, raw, _KEY_KINDS[name], f"parsing {name} private key from PEM")


def _loaded(kind: str, raw: bytes, wanted: type[Any], refusal: str) -> Key:
    pem = f"-----BEGIN {kind}-----\n{base64.encodebytes(raw).decode()}-----END {kind}-----\n"
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise GoError(f"{refusal}: {error}") from None
    if not isinstance(key, wanted) or not isinstance(key, Key):
        raise GoError(f"{refusal}: it is a key of another kind")
    return key


def key_pem(key: Key) -> str:
    """A key in the PEM form of its kind; Ed25519 has none of its own."""
    form = PrivateFormat.PKCS8 if isinstance(key, ed25519.Ed25519PrivateKey) else PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def address(text: str, written: Any) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise GoError(f"error parsing ip: {written}") from None


def signed(
    name: str,
    addresses: list[Address],
    hosts: list[str],
    *,
    now: datetime.datetime,
    days: int,
    serial: int,
    key: Key,
    parent: tuple[x509.Certificate, Key] | None,
    is_ca: bool,
) -> str:
    """A certificate in PEM, signed by its parent or by itself."""
    issuer, signing_key = parent if parent else (None, key)
    subject = _named(name)
    issuer_name = issuer.subject if issuer else subject
    begin = now.astimezone(datetime.UTC).replace(microsecond=0)
    try:
        end = begin + datetime.timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(serial or 1)
            .not_valid_before(begin)
            .not_valid_after(max(begin, end))
            .add_extension(_usage(is_ca), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if is_ca:
            builder = builder.add_extension(_key_id(key), critical=False)
        parent_id = _subject_key(issuer) if issuer and issuer_name != subject else None
        if parent_id is not None:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier(parent_id, None, None), critical=False)
        names = [*map(x509.DNSName, hosts), *map(x509.IPAddress, addresses)]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not name)
        algorithm = None if isinstance(signing_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        made = builder.sign(signing_key, algorithm)
    except (ValueError, TypeError, OverflowError) as error:
        raise GoError(f"error creating certificate: x509: {error}") from None
    return made.public_bytes(Encoding.PEM).decode()


def _named(name: str) -> x509.Name:
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False)] if name else [])
    except (ValueError, TypeError, UnicodeError) as error:
        raise GoError(f"error creating certificate: x509: {error}") from None


def _usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_id(key: Key) -> x509.SubjectKeyIdentifier:
    """The first 160 bits of the public key's SHA-256, as Go takes them since 1.25."""
    raw = key.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(_bit_string(raw))
    return x509.SubjectKeyIdentifier(digest.finalize()[:20])


def _bit_string(info: bytes) -> bytes:
    """The key itself out of a SubjectPublicKeyInfo: a sequence of the algorithm and a string of bits."""
    at, _size = _header(info, 0)
    start, size = _header(info, at)
    bits, length = _header(info, start + size)
    return info[bits + 1 : bits + length]  # the first byte says how many bits are unused


def _header(raw: bytes, at: int) -> tuple[int, int]:
    """Where a DER element's content begins, and its size."""
    first = raw[at + 1]
    if first < 0x80:
        return at + 2, first
    count = first & 0x7F
    return at + 2 + count, int.from_bytes(raw[at + 2 : at + 2 + count], "big")


def _subject_key(issuer: x509.Certificate) -> bytes | None:
    try:
        return issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None
