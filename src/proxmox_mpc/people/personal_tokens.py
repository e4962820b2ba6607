"""Personal API tokens: `pmpc_`, an id, a secret, and a checksum by which scanners tell a leaked one from other text."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib

PREFIX = "pmpc_"
_LETTERS = string.digits + string.ascii_letters
_ID, _SECRET, _SUM = 12, 32, 6
"""Letters: 190 bits of secret; six hold a CRC-32."""
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_ID}}})([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_SUM}}})")


def new() -> tuple[str, str]:
    """The id of a new token, and the token."""
    body = "".join(secrets.choice(_LETTERS) for _ in range(_ID + _SECRET))
    return body[:_ID], f"{PREFIX}{body}{_checksum(body)}"


def id_of(token: str) -> str | None:
    """The id of a token; None for what cannot be one."""
    found = _FORM.fullmatch(token)
    if found is None or _checksum(found[1] + found[2]) != found[3]:
        return None
    return found[1]


def digest(token: str) -> str:
    """What is kept of a token: it is long and random, so nobody finds it by trying."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def fits(token: str, kept: str) -> bool:
    """Whether it is the token of which that was kept."""
    return hmac.compare_digest(digest(token), kept)


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(_SUM):
        number, letter = divmod(number, len(_LETTERS))
        text = _LETTERS[letter] + text
    return text
