"""ID tokens of OpenID providers: signed by RS256, for this client, fresh, and asked for."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

# Clocks may be a minute apart.
_SKEW_S = 60


class InvalidIdToken(Exception):
    """Why a token is not believed."""


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _key(keys: Any, key_id: object) -> RSAPublicKey:
    for key in keys.get("keys", ()) if isinstance(keys, dict) else ():
        if key.get("kty") == "RSA" and key_id in (None, key.get("kid")):
            modulus, exponent = (int.from_bytes(_bytes(key[part])) for part in ("n", "e"))
            return RSAPublicNumbers(exponent, modulus).public_key()
    raise InvalidIdToken("signed by an unknown key")


def verify(token: str, keys: Any, *, issuer: str, audience: str, nonce: str, now: float) -> Mapping[str, Any]:
    """The claims of a token that is what it should be. Raises InvalidIdToken."""
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(_bytes(head)), json.loads(_bytes(body))
        if header.get("alg") != "RS256":
            raise InvalidIdToken(f"signed by {header.get('alg')}, not by RS256")
        _key(keys, header.get("kid")).verify(_bytes(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    except (ValueError, KeyError, AttributeError, TypeError, binascii.Error, InvalidSignature) as error:
        raise InvalidIdToken("not a token, or not signed by the provider") from error
    if not isinstance(claims, dict):
        raise InvalidIdToken("without claims")
    named = claims.get("aud")
    if claims.get("iss") != issuer or audience not in (named if isinstance(named, list) else [named]):
        raise InvalidIdToken("made by another provider, or for another client")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] + _SKEW_S < now:
        raise InvalidIdToken("expired")
    if claims.get("nonce") != nonce:
        raise InvalidIdToken("made for another log-in")
    found: Mapping[str, Any] = claims
    return found
