"""What cannot be decrypted here: one such row must stop nothing but itself, for another process may have its key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, or_

from proxmox_mpc.store.errors import SecretUnreadable
from proxmox_mpc.store.secrets import SecretKey


class Unreadable(Mapping[str, Any]):
    """In the place of what a row asks for; whoever looks into it is told why that cannot be read."""

    def __init__(self, error: SecretUnreadable) -> None:
        self.error = error

    def __getitem__(self, name: str) -> NoReturn:
        raise self.error

    def __iter__(self) -> Iterator[str]:
        raise self.error

    def __len__(self) -> NoReturn:
        raise self.error


def unsealed(key: SecretKey, sealed: str) -> Mapping[str, Any]:
    """What was sealed as JSON, or an `Unreadable`."""
    try:
        found: Mapping[str, Any] = json.loads(key.unseal(sealed))
    except SecretUnreadable as error:
        return Unreadable(error)
    return found


def has_key(key: SecretKey, sealed: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a key that is here sealed it. Others are left to the processes that have theirs."""
    return or_(*(sealed.startswith(mark) for mark in key.marks))
