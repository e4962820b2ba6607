"""The first admin: there is no default password, but a secret that is told once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from proxmox_mpc.people.passwords import hashed
from proxmox_mpc.store import User

if TYPE_CHECKING:
    from proxmox_mpc.store import Store

NAME = "admin"


def one_time_secret() -> str:
    """A password to be told once and changed at the first login."""
    return secrets.token_urlsafe(18)


async def ensure_admin(store: Store) -> str | None:
    """Where there is no user, make `admin` and answer the secret to log in with once; else None.

    Of several servers that start at once, one does.
    """
    if await store.users.any():
        return None
    secret = one_time_secret()
    user = User(secrets.token_hex(6), NAME, store.users.database.now(), await hashed(secret), must_change_password=True)
    return secret if await store.users.create_first(user) else None
