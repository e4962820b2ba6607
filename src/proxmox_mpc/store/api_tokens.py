"""Personal API tokens; of each only a hash is kept."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import granted, of_user
from proxmox_mpc.store.errors import NameTaken
from proxmox_mpc.store.models import api_tokens, users
from proxmox_mpc.store.people_records import ApiToken, RoleGrant, User

_NOTED_EVERY = timedelta(minutes=1)
"""How often it is written down that a token is in use: a write for each request would cost more than the request."""


@dataclass(frozen=True)
class ApiTokens:
    """Tokens by id."""

    database: Database

    async def create(self, token: ApiToken) -> None:
        """Keep a token. Raises NameTaken where the user has one of that name."""
        lists = {name: list(getattr(token, name)) for name in ("scopes", "contexts", "namespaces")}
        async with self.database.write() as connection:
            try:
                await connection.execute(insert(api_tokens).values({**vars(token), **lists}))
            except IntegrityError:
                raise NameTaken(f"there is a token {token.name!r} already", hint="proxmox-cli token list") from None

    async def holder(self, id: str) -> tuple[ApiToken, User, tuple[RoleGrant, ...]] | None:
        """A token that still counts, its user, and what that one holds now; None for any other.

        Whether the secret is the right one is for the caller to see.
        """
        async with self.database.read() as connection:
            row = (await connection.execute(select(api_tokens).where(api_tokens.c.id == id))).one_or_none()
            if row is None or (row.expires_at is not None and row.expires_at <= self.database.now()):
                return None
            user = (await connection.execute(select(users).where(users.c.id == row.user_id))).one()
            if user.disabled:
                return None
            return _token(row), User(**user._mapping), await granted(connection, of_user(row.user_id))

    async def used(self, token: ApiToken) -> None:
        """Note that a token is in use, from time to time."""
        now = self.database.now()
        if token.used_at is not None and now < token.used_at + _NOTED_EVERY:
            return
        this = (api_tokens.c.id == token.id) & or_(api_tokens.c.used_at.is_(None), api_tokens.c.used_at < now)
        async with self.database.write() as connection:
            await connection.execute(update(api_tokens).where(this).values(used_at=now))

    async def list(self, user_id: str = "") -> builtins.list[ApiToken]:
        """Tokens of one user or of all, by user and name; expired ones, too."""
        query = select(api_tokens).order_by(api_tokens.c.user_id, api_tokens.c.name)
        if user_id:
            query = query.where(api_tokens.c.user_id == user_id)
        async with self.database.read() as connection:
            return [_token(row) for row in (await connection.execute(query)).all()]

    async def revoke(self, id: str) -> bool:
        """Forget a token; whether there was one."""
        gone = delete(api_tokens).where(api_tokens.c.id == id).returning(api_tokens.c.id)
        async with self.database.write() as connection:
            return (await connection.execute(gone)).one_or_none() is not None


def _token(row: Row[Any]) -> ApiToken:
    token = ApiToken(**row._mapping)
    return replace(
        token, scopes=tuple(token.scopes), contexts=tuple(token.contexts), namespaces=tuple(token.namespaces)
    )
