"""Users: who may log in."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import changing_people, granted, of_user
from proxmox_mpc.store.errors import NameTaken, RecordMissing
from proxmox_mpc.store.models import grants, memberships, users
from proxmox_mpc.store.people_records import ADMIN, RoleGrant, User


@dataclass(frozen=True)
class Users:
    """Users by id and name; names never change their user, for grants and history go by them."""

    database: Database

    async def create(self, user: User) -> None:
        """Keep a new user, who holds nothing yet. Raises NameTaken."""
        async with changing_people(self.database) as connection:
            try:
                await connection.execute(insert(users).values(vars(user)))
            except IntegrityError:
                raise NameTaken(f"there is a user {user.name!r} already") from None

    async def create_first(self, user: User) -> bool:
        """Keep the first user, as an admin; False where there are users already."""
        everything = {"role": ADMIN, "contexts": ["*"], "namespaces": ["*"]}
        async with changing_people(self.database) as connection:
            if (await connection.execute(select(users.c.id).limit(1))).first() is not None:
                return False
            await connection.execute(insert(users).values(vars(user)))
            await connection.execute(insert(grants).values(subject_type="user", subject=user.id, **everything))
        return True

    async def any(self) -> bool:
        """Whether there is any user."""
        async with self.database.read() as connection:
            return (await connection.execute(select(users.c.id).limit(1))).first() is not None

    async def find(self, name: str) -> User | None:
        """The user of a name, or None."""
        return await self._one(users.c.name == name)

    async def find_external(self, provider: str, external_id: str) -> User | None:
        """The user for whom a login provider answers by that id, or None."""
        return await self._one((users.c.provider == provider) & (users.c.external_id == external_id))

    async def get(self, name: str) -> User:
        """The user of a name. Raises RecordMissing."""
        if (user := await self.find(name)) is None:
            raise RecordMissing(f"there is no user {name!r}", hint="proxmox-cli user list")
        return user

    async def by_id(self, id: str) -> User | None:
        """The user of an id, or None."""
        return await self._one(users.c.id == id)

    async def list(self) -> builtins.list[User]:
        """All users by name."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(users).order_by(users.c.name))).all()
        return [User(**row._mapping) for row in rows]

    async def held(self, id: str) -> tuple[RoleGrant, ...]:
        """What a user was granted, also by groups."""
        async with self.database.read() as connection:
            return await granted(connection, of_user(id))

    async def set(self, id: str, changes: Mapping[str, Any], *, end_sessions: bool = False) -> User:
        """Change fields of a user; `end_sessions` ends every login. Raises RecordMissing, LastAdmin."""
        values = dict(changes)
        if end_sessions:
            values["version"] = users.c.version + 1
        async with changing_people(self.database) as connection:
            await connection.execute(update(users).where(users.c.id == id).values(values))
            return await _existing(connection, id)

    async def rehash(self, id: str, old: str, new: str) -> None:
        """Keep the same password in a stronger form, unless it was changed meanwhile."""
        this = (users.c.id == id) & (users.c.password_hash == old)
        async with self.database.write() as connection:
            await connection.execute(update(users).where(this).values(password_hash=new))

    async def logged_in(self, id: str, at: datetime) -> None:
        """Note when a user last came in."""
        async with self.database.write() as connection:
            await connection.execute(update(users).where(users.c.id == id).values(last_login_at=at))

    async def delete(self, id: str) -> None:
        """Forget a user with all grants, logins and tokens. Forgetting twice is no error. Raises LastAdmin."""
        async with changing_people(self.database) as connection:
            await connection.execute(delete(grants).where(grants.c.subject_type == "user", grants.c.subject == id))
            await connection.execute(delete(memberships).where(memberships.c.user_id == id))
            await connection.execute(delete(users).where(users.c.id == id))

    async def _one(self, which: ColumnElement[bool]) -> User | None:
        async with self.database.read() as connection:
            row = (await connection.execute(select(users).where(which))).one_or_none()
        return None if row is None else User(**row._mapping)


async def _existing(connection: AsyncConnection, id: str) -> User:
    row = (await connection.execute(select(users).where(users.c.id == id))).one_or_none()
    if row is None:
        raise RecordMissing("that user is gone", hint="proxmox-cli user list")
    return User(**row._mapping)
