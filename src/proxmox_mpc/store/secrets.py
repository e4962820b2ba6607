"""The key that encrypts what must stay secret in the store.

AES-256-GCM. A sealed text names the key that sealed it, so that keys can be changed: new ones seal, old ones
still open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from proxmox_mpc.settings import SettingInvalid, Settings
from proxmox_mpc.store.errors import SecretUnreadable

_FORMAT = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # what GCM is made for
_SHORTEST_PASSPHRASE = 16
# Enough to make guessing a passphrase slow, little enough for a command line (about 50 ms).
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}
_SALT = b"proxmox-mpc store"


class _Key:
    """One key, derived when it is first used."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def bytes(self) -> bytes:
        return _decoded(self._text) or hashlib.scrypt(
            self._text.encode(), salt=_SALT, dklen=_KEY_BYTES, maxmem=64 << 20, **_SCRYPT
        )

    @cached_property
    def id(self) -> str:
        return hashlib.sha256(b"id" + self.bytes).hexdigest()[:8]


class SecretKey:
    """Seals and opens secrets; the first of its keys seals, all of them open."""

    def __init__(self, keys: Sequence[str], *, name: str = "PROXMOX_SECRET_KEY") -> None:
        for text in keys:
            if _decoded(text) is None and len(text) < _SHORTEST_PASSPHRASE:
                raise SettingInvalid(
                    f"{name} is too short",
                    hint=f"Give it at least {_SHORTEST_PASSPHRASE} characters, or 32 random bytes as base64 "
                    "(openssl rand -base64 32).",
                )
        if not keys:
            raise SettingInvalid(f"{name} is empty")
        self._keys = [_Key(text) for text in keys]

    @classmethod
    def from_text(cls, text: str) -> SecretKey:
        """From PROXMOX_SECRET_KEY: one key, or several divided by commas, the newest first.

        A key is 32 bytes as base64 or hex, or a passphrase of at least 16 characters.
        """
        return cls([one.strip() for one in text.split(",") if one.strip()])

    @classmethod
    def from_file(cls, file: Path) -> SecretKey:
        """From a key file that is made, readable by its owner only, where there is none.

        The first line seals; further lines are older keys. Raises SettingInvalid where others can read it.
        """
        try:
            if not file.exists():
                _make(file)
            if os.name == "posix" and file.stat().st_mode & 0o077:
                raise SettingInvalid(f"others can read the key file {file}", hint=f"chmod 600 {file}")
            lines = file.read_text().split()
        except OSError as error:
            raise SettingInvalid(f"cannot use the key file {file}: {error.strerror}") from None
        if not lines:
            raise SettingInvalid(f"the key file {file} is empty", hint="Restore it from a backup.")
        return cls(lines, name=f"the key in {file}")

    @classmethod
    def of(cls, settings: Settings) -> SecretKey:
        """The key that the settings name, or that of the key file."""
        if settings.secret_key:
            return cls.from_text(settings.secret_key)
        return cls.from_file(settings.secret_key_file)

    def seal(self, text: str) -> str:
        """Encrypt a text."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce = self._keys[0], secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(key.bytes).encrypt(nonce, text.encode(), key.id.encode())
        return f"{_FORMAT}:{key.id}:{base64.urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str) -> str:
        """Decrypt what `seal` made. Raises SecretUnreadable with the key that is needed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version, _, rest = sealed.partition(":")
        key_id, _, content = rest.partition(":")
        key = next((key for key in self._keys if key.id == key_id), None)
        if version != _FORMAT or key is None:
            raise SecretUnreadable(
                f"a stored secret was encrypted with another key ({key_id or 'unknown'})",
                hint="Add the old key to PROXMOX_SECRET_KEY after a comma, or to the key file as a further line.",
            )
        try:
            raw = base64.urlsafe_b64decode(content)
            return AESGCM(key.bytes).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], key_id.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretUnreadable("a stored secret was damaged or tampered with") from None

    @property
    def mark(self) -> str:
        """How every text begins that was sealed with the key that seals today."""
        return self.marks[0]

    @property
    def marks(self) -> tuple[str, ...]:
        """How texts begin that were sealed with one of its keys, the newest first."""
        return tuple(f"{_FORMAT}:{id}:" for id in self.ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of its keys, as sealed texts tell them, the newest first; they tell nothing about the keys."""
        return tuple(key.id for key in self._keys)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Keys for another purpose, the newest first; they tell nothing about these ones."""
        return tuple(hmac.new(key.bytes, purpose.encode(), hashlib.sha256).digest() for key in self._keys)

    def fingerprint(self, secret: str) -> str:
        """A text that tells whether two secrets are equal, and nothing else about them.

        It is made with the oldest key, so that adding a key does not make every stored fingerprint look
        changed.
        """
        return hmac.new(self._keys[-1].bytes, secret.encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    """A fresh random key, as base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _decoded(text: str) -> bytes | None:
    """The 32 bytes that a text writes as hex or base64; None for a passphrase."""
    for decode in (bytes.fromhex, lambda t: base64.b64decode(t.translate({45: 43, 95: 47}), validate=True)):
        with suppress(ValueError, binascii.Error):
            if len(raw := decode(text)) == _KEY_BYTES:
                return raw
    return None


def _make(file: Path) -> None:
    """Write a new key file at once: whoever comes second finds a whole one and leaves it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(new_key() + "\n")
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
