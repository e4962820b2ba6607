"""Logins: who is logged in, and by which refresh token that goes on."""

from __future__ import annotations

import builtins
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import granted, of_user
from proxmox_mpc.store.models import logins, users
from proxmox_mpc.store.people_records import Login, RefreshOutcome, RoleGrant, User

AT_ONCE = timedelta(seconds=10)
"""For so long the refresh token before is refused without ending the login: two requests went off at once. Nothing is
given for it, and whoever comes back with it later, or from elsewhere, ends the login."""

_COLUMNS = [column for column in logins.c if not column.name.endswith("_hash")]


@dataclass(frozen=True)
class Logins:
    """Logins by id. Of refresh tokens only hashes are kept."""

    database: Database

    async def begin(
        self, id: str, user: User, refresh_hash: str, expires_at: datetime, *, client: str, address: str
    ) -> None:
        """Note that a user logged in."""
        now = self.database.now()
        values = {"id": id, "user_id": user.id, "user_version": user.version, "created_at": now, "refreshed_at": now}
        hashes = {"refresh_hash": refresh_hash, "previous_hash": ""}
        more = {"expires_at": expires_at, "revoked_at": None, "client": client, "address": address}
        async with self.database.write() as connection:
            await connection.execute(insert(logins).values({**values, **hashes, **more}))

    async def refresh(
        self, id: str, presented_hash: str, next_hash: str, *, lasts: timedelta, at_most: timedelta, address: str
    ) -> tuple[RefreshOutcome, Login | None]:
        """Go on with a login by its refresh token, once: the next one takes its place.

        A token that was used already means that two have it, so it ends the login (`replayed`). The login lasts
        `lasts` from now, `at_most` from its beginning.
        """
        now = self.database.now()
        async with self.database.write() as connection:
            await self.database.alone(connection, f"login {id}")
            query = select(logins, users.c.version, users.c.disabled).join(users).where(logins.c.id == id)
            row = (await connection.execute(query)).one_or_none()
            if row is None or not _lives(row, now):
                return "gone", None
            if hmac.compare_digest(row.refresh_hash, presented_hash):
                expires_at = min(now + lasts, row.created_at + at_most)
                hashes = {"refresh_hash": next_hash, "previous_hash": presented_hash}
                values = {**hashes, "refreshed_at": now, "expires_at": expires_at, "address": address}
                await connection.execute(update(logins).where(logins.c.id == id).values(values))
                return "refreshed", _login(row, refreshed_at=now, expires_at=expires_at, address=address)
            before = hmac.compare_digest(row.previous_hash, presented_hash)
            if before and now < row.refreshed_at + AT_ONCE and address == row.address:
                return "just-refreshed", None
            await connection.execute(update(logins).where(logins.c.id == id).values(revoked_at=now))
            return "replayed", _login(row, revoked_at=now)

    async def holder(self, id: str) -> tuple[Login, User, tuple[RoleGrant, ...]] | None:
        """A login that still counts, its user, and what that one holds now; None for any other."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(*_COLUMNS).where(logins.c.id == id))).one_or_none()
            if row is None:
                return None
            user = (await connection.execute(select(users).where(users.c.id == row.user_id))).one_or_none()
            if user is None or not _counts(row, user, self.database.now()):
                return None
            return Login(**row._mapping), User(**user._mapping), await granted(connection, of_user(row.user_id))

    async def list(self, user_id: str = "") -> builtins.list[Login]:
        """The logins that still count, of one user or of all; the newest first."""
        now = self.database.now()
        alive = (logins.c.revoked_at.is_(None)) & (logins.c.expires_at > now) & (~users.c.disabled)
        query = select(*_COLUMNS).join(users).where(alive, logins.c.user_version == users.c.version)
        if user_id:
            query = query.where(logins.c.user_id == user_id)
        async with self.database.read() as connection:
            rows = (await connection.execute(query.order_by(logins.c.created_at.desc(), logins.c.id))).all()
        return [Login(**row._mapping) for row in rows]

    async def came_from(self, user_id: str, address: str) -> bool:
        """Whether a user has a login of that address that still counts."""
        return any(login.address == address for login in await self.list(user_id))

    async def revoke(self, id: str, user_id: str = "") -> bool:
        """End a login (of that user, if one is named); whether there was one to end."""
        this = (logins.c.id == id) & logins.c.revoked_at.is_(None)
        return bool(await self._revoke(this & (logins.c.user_id == user_id) if user_id else this))

    async def prune(self, before: datetime) -> int:
        """Forget logins that ended before; how many."""
        async with self.database.write() as connection:
            old = delete(logins).where(logins.c.expires_at < before).returning(logins.c.id)
            return len((await connection.execute(old)).all())

    async def _revoke(self, which: ColumnElement[bool]) -> int:
        ended = update(logins).where(which).values(revoked_at=self.database.now()).returning(logins.c.id)
        async with self.database.write() as connection:
            return len((await connection.execute(ended)).all())


def _lives(row: Row[Any], now: datetime) -> bool:
    return row.revoked_at is None and now < row.expires_at and not row.disabled and row.version == row.user_version


def _counts(login: Row[Any], user: Row[Any], now: datetime) -> bool:
    unchanged = not user.disabled and user.version == login.user_version
    return unchanged and login.revoked_at is None and now < login.expires_at


def _login(row: Row[Any], **changed: Any) -> Login:
    return Login(**{**{column.name: row._mapping[column.name] for column in _COLUMNS}, **changed})
