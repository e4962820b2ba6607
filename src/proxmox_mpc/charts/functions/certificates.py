"""Functions that make keys and X.509 certificates, for charts that bring their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from proxmox_mpc.charts.functions.checksums import base64_decoded
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import Struct, go_bytes, go_text
from proxmox_mpc.charts.language.printing import text_of
from proxmox_mpc.charts.language.state import State

if TYPE_CHECKING:
    from proxmox_mpc.charts.functions.x509 import Key

CERTIFICATES = Functions()

_NAMES = "string, []interface {}, []interface {}, int"
_TYPE = "sprig.certificate"


class Certificate(Struct):
    """A certificate and its key, both in PEM."""

    __slots__ = ()
    go_type: ClassVar[str] = _TYPE

    def __init__(self, cert: str, key: str) -> None:
        super().__init__(Cert=cert, Key=key)

    def __str__(self) -> str:
        return "{" + f"{self.fields['Cert']} {self.fields['Key']}" + "}"


@CERTIFICATES.function("genPrivateKey", takes="string")
def gen_private_key(kind: str) -> str:
    """A new key in PEM: rsa (also when none is named), ecdsa, ed25519 or dsa."""
    from proxmox_mpc.charts.functions import x509

    maker = x509.KEY_MAKERS.get(kind or "rsa")
    return f"Unknown type {kind}" if maker is None else x509.key_pem(maker())


def _made(
    state: State,
    name: str,
    ips: list[Any] | None,
    hosts: list[Any] | None,
    days: int,
    key: Callable[[], Key],
    *,
    signer: Certificate | None = None,
    is_ca: bool = False,
) -> Certificate:
    from proxmox_mpc.charts.functions import x509

    parent = None
    if signer is not None:
        raw = x509.pem_block(go_bytes(signer.fields["Cert"]))
        if raw is None:
            raise GoError("unable to decode certificate")
        try:
            issuer = x509.read_certificate(raw)
        except GoError as error:
            raise GoError(f"error parsing certificate: decodedSignerCert.Bytes: {error}") from None
        try:
            parent = issuer, x509.read_key(signer.fields["Key"])
        except GoError as error:
            raise GoError(f"error parsing private key: {error}") from None
    addresses = [x509.address(_text(ip, "error parsing ip"), ip) for ip in ips or ()]
    names = [_text(host, "error processing alternate dns name") for host in hosts or ()]
    mine = key()
    cert = x509.signed(
        name,
        addresses,
        names,
        now=state.environment.now(),
        days=days,
        serial=state.environment.random.getrandbits(128),
        key=mine,
        parent=parent,
        is_ca=is_ca,
    )
    return Certificate(cert, x509.key_pem(mine))


def _text(value: Any, refusal: str) -> str:
    if type(value) is not str:
        raise GoError(f"{refusal}: {text_of(value)} is not a string")
    return value


def _new() -> Key:
    from proxmox_mpc.charts.functions import x509

    return x509.KEY_MAKERS["certificate"]()


def _given(text: str) -> Key:
    from proxmox_mpc.charts.functions import x509

    try:
        return x509.read_key(text)
    except GoError as error:
        raise GoError(f"parsing private key: {error}") from None


@CERTIFICATES.function("genCA", takes="string, int", state=True)
def gen_ca(state: State, name: str, days: int) -> Certificate:
    return _made(state, name, None, None, days, _new, is_ca=True)


@CERTIFICATES.function("genCAWithKey", takes="string, int, string", state=True)
def gen_ca_with_key(state: State, name: str, days: int, key: str) -> Certificate:
    given = _given(key)
    return _made(state, name, None, None, days, lambda: given, is_ca=True)


@CERTIFICATES.function("genSelfSignedCert", takes=_NAMES, state=True)
def gen_self_signed_cert(
    state: State, name: str, ips: list[Any] | None, hosts: list[Any] | None, days: int
) -> Certificate:
    return _made(state, name, ips, hosts, days, _new)


@CERTIFICATES.function("genSelfSignedCertWithKey", takes=f"{_NAMES}, string", state=True)
def gen_self_signed_cert_with_key(
    state: State, name: str, ips: list[Any] | None, hosts: list[Any] | None, days: int, key: str
) -> Certificate:
    given = _given(key)
    return _made(state, name, ips, hosts, days, lambda: given)


@CERTIFICATES.function("genSignedCert", takes=f"{_NAMES}, {_TYPE}", state=True)
def gen_signed_cert(
    state: State, name: str, ips: list[Any] | None, hosts: list[Any] | None, days: int, ca: Certificate
) -> Certificate:
    return _made(state, name, ips, hosts, days, _new, signer=ca)


@CERTIFICATES.function("genSignedCertWithKey", takes=f"{_NAMES}, {_TYPE}, string", state=True)
def gen_signed_cert_with_key(
    state: State, name: str, ips: list[Any] | None, hosts: list[Any] | None, days: int, ca: Certificate, key: str
) -> Certificate:
    given = _given(key)
    return _made(state, name, ips, hosts, days, lambda: given, signer=ca)


@CERTIFICATES.function("buildCustomCert", takes="string, string")
def build_custom_cert(cert: str, key: str) -> Certificate:
    """A certificate and key that are given in base 64, checked."""
    from proxmox_mpc.charts.functions import x509

    decoded = []
    for encoded, what in ((cert, "certificate"), (key, "private key")):
        raw = base64_decoded(encoded)
        if isinstance(raw, str):
            raise GoError(f"unable to decode base64 {what}")
        decoded.append(go_text(raw))
    block = x509.pem_block(go_bytes(decoded[0]))
    if block is None:
        raise GoError("unable to decode certificate")
    try:
        x509.read_certificate(block)
    except GoError as error:
        raise GoError(f"error parsing certificate: decodedCert.Bytes: {error}") from None
    try:
        x509.read_key(decoded[1])
    except GoError as error:
        raise GoError(f"error parsing private key: {error}") from None
    return Certificate(decoded[0], decoded[1])
