"""TLS: which certificates are taken, and what to say about those that are not."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from urllib.parse import urlsplit

import aiohttp

from proxmox_mpc.errors import UsageError
from proxmox_mpc.pve._failures import NotTrusted
from proxmox_mpc.pve.target import CaTrust, FingerprintTrust, Insecure, Trust

_LOOK_S = 5.0


class _AnyOf(aiohttp.Fingerprint):
    """Several accepted fingerprints: each node of a cluster has a certificate of its own."""

    def __init__(self, digests: tuple[bytes, ...]) -> None:
        super().__init__(digests[0])
        self._accepted = digests

    def check(self, transport: asyncio.Transport) -> None:
        seen = _digest(transport.get_extra_info("ssl_object"))
        if seen not in self._accepted:
            host, port, *_ = transport.get_extra_info("peername")
            raise aiohttp.ServerFingerprintMismatch(self._accepted[0], seen, host, port)


def tls(trust: Trust) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
    """What aiohttp needs to trust like that; `UsageError` for a CA that is none."""
    if isinstance(trust, FingerprintTrust):
        return _AnyOf(trust.digests())
    if isinstance(trust, Insecure):
        return False
    if isinstance(trust, CaTrust):
        try:
            context = ssl.create_default_context(cadata=trust.pem())
        except ssl.SSLError:
            raise UsageError(
                "the CA certificate cannot be used",
                hint="It must be a PEM file; PVE's own is /etc/pve/pve-root-ca.pem.",
            ) from None
        # PVE's own authority lacks extensions that Python 3.13 began to demand (seen on 8.x and 9.x).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context
    return True


def mismatch(error: aiohttp.ServerFingerprintMismatch) -> NotTrusted:
    """The error for a certificate that is not the pinned one."""
    expected, seen = _shown(error.expected), _shown(error.got)
    return NotTrusted(
        f"its certificate is not the pinned one\n  expected {expected}\n  seen     {seen}",
        "Compare the seen fingerprint with `pvenode cert info` on the node. Only if they agree, pin it: "
        f"proxmox-cli config set-context NAME --fingerprint {seen}",
    )


async def explain(endpoint: str, error: aiohttp.ClientConnectorCertificateError) -> NotTrusted:
    """The error for a certificate that no known authority vouches for, with its fingerprint."""
    cause = error.certificate_error
    why = getattr(cause, "verify_message", "") or str(cause)
    seen = await _look(endpoint)
    message = f"its certificate is not trusted: {why}" + (f"\n  seen {seen}" if seen else "")
    return NotTrusted(
        message,
        "Compare the seen fingerprint with `pvenode cert info` on the node. Only if they agree, pin it: "
        f"proxmox-cli config set-context NAME --fingerprint {seen or 'SHA256'}",
    )


async def _look(endpoint: str) -> str:
    """The fingerprint that an endpoint shows; nothing is sent to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    parts = urlsplit(endpoint)
    try:
        async with asyncio.timeout(_LOOK_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    except (OSError, TimeoutError):
        return ""
    try:
        return _shown(_digest(writer.get_extra_info("ssl_object")))
    finally:
        writer.close()


def _digest(connection: ssl.SSLObject) -> bytes:
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").digest()


def _shown(digest: bytes) -> str:
    return digest.hex(":").upper()
