"""ID tokens of OpenID providers: signed by them, for this server, for this very login."""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""By public keys only: with `none` and HS256 whoever has what is public could sign."""
_LONGEST = 64 << 10
"""Letters: groups make tokens long, not that long."""
_SKEW_S, _OLDEST_S = 60, 600
"""By how much clocks differ; and since when it may have been issued: it was asked for a moment ago."""
_MOST_KEYS = 50
_LAST_MOMENT = 1 << 48


class TokenRefused(Exception):
    """Why a token does not count; for the log only."""


def checked(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """What a token says that was signed by one of these keys. Raises TokenRefused."""
    said = _verified(token, keys)
    at = now.timestamp()
    audience = said.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if said.get("iss") != issuer:
        raise TokenRefused("another issuer's token")
    if client_id not in audiences or (len(audiences) > 1 and said.get("azp") is None):
        raise TokenRefused("a token for somebody else")
    if said.get("azp") not in (None, client_id):
        raise TokenRefused("a token that somebody else asked for")
    if _moment(said, "exp") <= at - _SKEW_S:
        raise TokenRefused("an old token")
    if not at - _OLDEST_S <= _moment(said, "iat") <= at + _SKEW_S:
        raise TokenRefused("a token of another time")
    told = said.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode("utf-8", "surrogatepass"), nonce.encode()):
        raise TokenRefused("a token of another login")
    if not isinstance(said.get("sub"), str) or not 0 < len(said["sub"]) <= 255:
        raise TokenRefused("a token of nobody")
    return said


def _verified(token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    from joserfc import jwk, jws, jwt
    from joserfc.errors import JoseError

    if not token or len(token) > _LONGEST:
        raise TokenRefused("no token")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError):
        raise TokenRefused("no token") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in _ALGORITHMS:
        raise TokenRefused("a token that is not signed by a public key")
    listed = keys.get("keys")
    for each in (listed if isinstance(listed, list) else [])[:_MOST_KEYS]:
        if not isinstance(each, dict) or each.get("kty") != _KINDS[algorithm[:2]] or each.get("use", "sig") != "sig":
            continue
        if kid is not None and each.get("kid") is not None and each["kid"] != kid:
            continue
        try:
            key = jwk.import_key(each)
            said: Any = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError):
            continue
        if isinstance(said, dict):
            return said
    raise TokenRefused("a token that none of its keys has signed")


def _moment(said: Mapping[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LAST_MOMENT:
        raise TokenRefused(f"a token without {name}")
    return float(value)
