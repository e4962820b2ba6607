"""Checksums, and text in base 64 and 32."""

from __future__ import annotations

import base64
import hashlib
import zlib

from proxmox_mpc.charts.language.function import Functions
from proxmox_mpc.charts.language.go_types import go_bytes, go_text

CHECKSUMS = Functions()


@CHECKSUMS.function("sha1sum", takes="string")
def sha1sum(text: str) -> str:
    return hashlib.sha1(go_bytes(text), usedforsecurity=False).hexdigest()


@CHECKSUMS.function("sha256sum", takes="string")
def sha256sum(text: str) -> str:
    return hashlib.sha256(go_bytes(text)).hexdigest()


@CHECKSUMS.function("sha512sum", takes="string")
def sha512sum(text: str) -> str:
    return hashlib.sha512(go_bytes(text)).hexdigest()


@CHECKSUMS.function("adler32sum", takes="string")
def adler32sum(text: str) -> str:
    return str(zlib.adler32(go_bytes(text)))


@CHECKSUMS.function("b64enc", takes="string")
def b64enc(text: str) -> str:
    return base64.b64encode(go_bytes(text)).decode()


@CHECKSUMS.function("b64dec", takes="string")
def b64dec(text: str) -> str:
    decoded = base64_decoded(text)
    return decoded if isinstance(decoded, str) else go_text(decoded)


def base64_decoded(text: str) -> bytes | str:
    """The bytes, or the text of Go's error: Sprig returns it in their place."""
    raw = go_bytes(text).replace(b"\n", b"").replace(b"\r", b"")
    try:
        if len(raw) % 4 == 0 and not raw.endswith(b"==="):  # more signs of the end than needed do not trouble Python
            return base64.b64decode(raw, validate=True)
    except ValueError:
        pass
    return f"illegal base64 data at input byte {_first_bad(go_bytes(text))}"


_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _first_bad(raw: bytes) -> int:
    """Where Go's decoder stops: at the first wrong byte, or where the quantum began that is not whole."""
    letters = [(at, byte) for at, byte in enumerate(raw) if byte not in b"\r\n"]
    for number, (at, byte) in enumerate(letters):
        if byte in _ALPHABET:
            continue
        place = number % 4
        if byte != ord("=") or place < 2:
            return at
        if place == 2:
            if number + 1 == len(letters):
                return len(raw)
            if letters[number + 1][1] != ord("="):
                return letters[number + 1][0] - 1
            number += 1
        return letters[number + 1][0]
    return len(raw) - len(letters) % 4


@CHECKSUMS.function("b32enc", takes="string")
def b32enc(text: str) -> str:
    return base64.b32encode(go_bytes(text)).decode()


@CHECKSUMS.function("b32dec", takes="string")
def b32dec(text: str) -> str:
    raw = go_bytes(text).replace(b"\n", b"").replace(b"\r", b"")
    bad = _first_bad_of_32(raw)
    if bad is not None:
        return f"illegal base32 data at input byte {bad}"
    letters = raw.partition(b"=")[0]  # Go stops at the padding, whatever comes after
    return go_text(base64.b32decode(letters + b"=" * (-len(letters) % 8)))


_ALPHABET_32 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def _first_bad_of_32(raw: bytes) -> int | None:
    for at, byte in enumerate(raw):
        if byte in _ALPHABET_32:
            continue
        place, left = at % 8, len(raw) - at - 1
        if byte != ord("=") or place < 2 or left >= 8:
            return at
        if left + place < 7:
            return len(raw)
        for ahead in range(7 - place):
            if left > ahead and raw[at + 1 + ahead] != ord("="):
                return at + ahead
        return at if place in (1, 3, 6) else None
    return len(raw) - len(raw) % 8 if len(raw) % 8 else None
