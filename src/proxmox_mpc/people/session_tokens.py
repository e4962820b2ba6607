"""The tokens of a login: an access token (JWT) for minutes, a refresh token that goes on with it, once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from proxmox_mpc.people.errors import NotLoggedIn
from proxmox_mpc.store import SecretKey

REFRESH_LASTS = timedelta(days=7)
"""A login that nobody goes on with for so long ends."""
LOGIN_LASTS = timedelta(days=30)
"""After so long a login ends in any case, and the password is asked for again."""

_ALGORITHM, _TYPE = "HS256", "at+jwt"
_ISSUER, _AUDIENCE = "proxmox-mpc", "proxmox-mpc-api"
_LONGEST = 4096
"""Letters of an access token that are looked at; ours have about 350."""
_SKEW = timedelta(seconds=5)
"""By how much the clocks of two servers may differ."""
_REFRESH = "pmpr_"


@dataclass(frozen=True)
class Claims:
    """What an access token says: whose it is, of which login, and as of which version of the user."""

    user_id: str
    login_id: str
    user_version: int


@dataclass(frozen=True)
class SessionTokens:
    """Makes and reads the tokens of logins; the newest of the keys signs, all of them verify."""

    keys: tuple[bytes, ...] = field(repr=False)
    lasts: timedelta

    @classmethod
    def of(cls, jwt_keys: Sequence[str], minutes: int, key: SecretKey) -> SessionTokens:
        """With the keys of SECRET_KEY; without any, with keys derived from the store's. Raises SettingInvalid."""
        source = SecretKey(jwt_keys, name="SECRET_KEY") if jwt_keys else key
        return cls(source.derived("session tokens"), timedelta(minutes=minutes))

    def access(self, claims: Claims, now: datetime) -> str:
        """An access token."""
        from joserfc import jwt
        from joserfc.jwk import OctKey

        said = {"sub": claims.user_id, "sid": claims.login_id, "ver": claims.user_version}
        times = {"iat": int(now.timestamp()), "exp": int((now + self.lasts).timestamp())}
        frame = {"iss": _ISSUER, "aud": _AUDIENCE}
        header = {"alg": _ALGORITHM, "typ": _TYPE}
        return jwt.encode(header, {**said, **times, **frame}, OctKey.import_key(self._key(0)), algorithms=[_ALGORITHM])

    def read_access(self, token: str, now: datetime) -> Claims:
        """What a token says that was made here and did not expire. Raises NotLoggedIn."""
        if len(token) > _LONGEST:
            raise NotLoggedIn()
        for number in range(len(self.keys)):
            if (said := self._decoded(token, number)) is not None:
                return _checked(said, now)
        raise NotLoggedIn()

    def refresh(self, login_id: str) -> tuple[str, str]:
        """A new refresh token of a login, and the hash of it that is kept."""
        text = f"{login_id}.{secrets.token_urlsafe(32)}"
        token = f"{_REFRESH}{text}.{_mac(self._key(0, 'refresh'), text)}"
        return token, _digest(token)

    def read_refresh(self, token: str) -> tuple[str, str]:
        """The login of a refresh token that was made here, and the token's hash. Raises NotLoggedIn.

        Only what was made here can end a login by being used twice: who knows a login's id cannot make anything up.
        """
        if len(token) <= _LONGEST and token.startswith(_REFRESH) and token.isascii() and token.count(".") == 2:
            text, _, mac = token.removeprefix(_REFRESH).rpartition(".")
            for number in range(len(self.keys)):
                if hmac.compare_digest(_mac(self._key(number, "refresh"), text), mac):
                    return text.partition(".")[0], _digest(token)
        raise NotLoggedIn()

    def _key(self, number: int, purpose: str = "access") -> bytes:
        return hmac.new(self.keys[number], purpose.encode(), hashlib.sha256).digest()

    def _decoded(self, token: str, number: int) -> dict[str, Any] | None:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import OctKey

        try:
            decoded = jwt.decode(token, OctKey.import_key(self._key(number)), algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError):
            return None
        return decoded.claims if decoded.header.get("typ") == _TYPE else None


def _checked(said: dict[str, Any], now: datetime) -> Claims:
    user_id, login_id, version = said.get("sub"), said.get("sid"), said.get("ver")
    issued, expires = said.get("iat"), said.get("exp")
    if (said.get("iss"), said.get("aud")) != (_ISSUER, _AUDIENCE):
        raise NotLoggedIn()
    if not (isinstance(user_id, str) and isinstance(login_id, str) and type(version) is int):
        raise NotLoggedIn()
    if type(issued) is not int or type(expires) is not int or issued > (now + _SKEW).timestamp():
        raise NotLoggedIn()
    if expires <= now.astimezone(UTC).timestamp():
        raise NotLoggedIn("the access token has expired")
    return Claims(user_id, login_id, version)


def _mac(key: bytes, text: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()[:18]).decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
