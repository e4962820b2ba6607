"""Second factors of users: what they are, whether a code is right, and when too many were wrong."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

# So many wrong codes lock a user's time-based factors until somebody unlocks them, and so many wrong answers of any
# kind all of his factors for an hour (proxmox-tfa, 9.1).
TOTP_FAILURES, ALL_FAILURES, LOCKED_S = 8, 100, 3600

_RECOVERY_KEYS = 10
RECOVERY = "recovery"
# A code is good for its own period and those beside it: clocks differ.
_WINDOW = (-1, 0, 1)
_ALGORITHMS: dict[str, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA512]] = {
    "SHA1": hashes.SHA1, "SHA256": hashes.SHA256, "SHA512": hashes.SHA512,
}  # fmt: skip


@dataclass
class Factor:
    """One second factor. `uri` is a time-based one's; `keys` the hashes of recovery keys, empty where one was used;
    `last_period` that of the latest code, which is not taken twice."""

    id: str
    kind: str
    description: str
    created: int
    enable: bool = True
    uri: str = ""
    keys: list[str] = field(default_factory=list)
    last_period: int = 0


@dataclass
class SecondFactors:
    """Those of one user, and how often he failed."""

    factors: list[Factor] = field(default_factory=list)
    totp_failures: int = 0
    failures: int = 0
    locked_until: int = 0

    @property
    def is_totp_locked(self) -> bool:
        return self.totp_failures >= TOTP_FAILURES

    def of(self, kind: str) -> list[Factor]:
        return [factor for factor in self.factors if factor.kind == kind and factor.enable]

    def unlock(self) -> None:
        self.totp_failures = self.failures = self.locked_until = 0


@dataclass(frozen=True)
class _Totp:
    generator: TOTP
    period: int


def _totp(uri: str) -> _Totp:
    """Read an `otpauth` address. Raises ValueError where it is none."""
    parts = urlsplit(uri)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    secret = query.get("secret", "").upper().rstrip("=")
    if parts.scheme != "otpauth" or parts.netloc != "totp" or not secret:
        raise ValueError("not an otpauth address with a secret")
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except binascii.Error as error:
        raise ValueError("the secret is not Base32") from error
    algorithm = _ALGORITHMS.get(query.get("algorithm", "SHA1").upper())
    digits, period = int(query.get("digits", "6")), int(query.get("period", "30"))
    if algorithm is None or not 6 <= digits <= 8 or not 0 < period <= 3600:
        raise ValueError("unknown algorithm, digits or period")
    return _Totp(TOTP(key, digits, algorithm(), period, enforce_key_length=False), period)


def check_uri(uri: str) -> None:
    """Raise ValueError unless codes can be computed from the address."""
    _totp(uri)


def take_code(factor: Factor, code: str, now: float) -> bool:
    """Is the code right (RFC 6238)? A code is taken once."""
    made = _totp(factor.uri)
    for shift in _WINDOW:
        moment = now + shift * made.period
        period = int(moment // made.period)
        if period <= factor.last_period:
            continue
        try:
            made.generator.verify(code.encode(), int(moment))
        except InvalidToken:
            continue
        factor.last_period = period
        return True
    return False


def new_recovery_keys() -> tuple[list[str], list[str]]:
    """Ten keys as they are shown once, and their hashes."""
    keys = ["-".join(secrets.token_hex(2) for _ in range(4)) for _ in range(_RECOVERY_KEYS)]
    return keys, [_hash(key) for key in keys]


def take_recovery_key(factor: Factor, key: str) -> bool:
    """Is the key one of the set? It is used up then."""
    hashed = _hash(key.strip().lower())
    if hashed not in factor.keys:
        return False
    factor.keys[factor.keys.index(hashed)] = ""
    return True


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
