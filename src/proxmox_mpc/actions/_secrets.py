"""How people name secrets: those that they set by a name, those of objects by `KIND/NAME`."""

from __future__ import annotations

import re

from proxmox_mpc.errors import NotFoundError, UsageError
from proxmox_mpc.kinds import UnknownKind, find_kind

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
SET = ""
"""Instead of a kind: the secret is no object's, somebody has set it."""


class SecretUnknown(NotFoundError):
    """The store does not have this secret."""

    code = "secret.unknown"


def secret_key(name: str) -> tuple[str, str, str]:
    """Kind, namespace and name under which the store keeps it. Raises UnknownKind."""
    word, slash, own = name.partition("/")
    if not slash:
        return SET, "", name
    key = find_kind(word).key(own)
    return key.kind, key.namespace, key.name


def find_secret(name: str) -> tuple[str, str, str] | None:
    """As `secret_key`; None for a kind that there is not."""
    try:
        return secret_key(name)
    except UnknownKind:
        return None


def own_name(name: str) -> str:
    """A name that somebody may give a secret. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a secret", hint="letters, digits, dots, hyphens and underscores")
    return name
