"""Roles that people made: named sets of permissions. The built-in ones are code."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import changing_people
from proxmox_mpc.store.errors import NameTaken, RecordMissing, StillUsed
from proxmox_mpc.store.models import grants, roles
from proxmox_mpc.store.people_records import Role


@dataclass(frozen=True)
class Roles:
    """Roles by name."""

    database: Database

    async def create(self, role: Role) -> None:
        """Make a role. Raises NameTaken."""
        async with changing_people(self.database) as connection:
            try:
                await connection.execute(insert(roles).values({**vars(role), "permissions": list(role.permissions)}))
            except IntegrityError:
                raise NameTaken(f"there is a role {role.name!r} already") from None

    async def set(self, name: str, description: str, permissions: Sequence[str]) -> None:
        """Put these permissions in the place of those that the role had. Raises RecordMissing."""
        values = {"description": description, "permissions": list(permissions)}
        async with changing_people(self.database) as connection:
            done = await connection.execute(
                update(roles).where(roles.c.name == name).values(values).returning(roles.c.name)
            )
            if done.one_or_none() is None:
                raise _missing(name)

    async def list(self) -> builtins.list[Role]:
        """All roles that people made, by name."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(roles).order_by(roles.c.name))).all()
        return [Role(row.name, row.description, tuple(row.permissions)) for row in rows]

    async def get(self, name: str) -> Role:
        """A role that people made. Raises RecordMissing."""
        found = next((role for role in await self.list() if role.name == name), None)
        if found is None:
            raise _missing(name)
        return found

    async def delete(self, name: str) -> None:
        """Forget a role. Raises StillUsed while somebody holds it."""
        async with changing_people(self.database) as connection:
            if (await connection.execute(select(grants.c.id).where(grants.c.role == name).limit(1))).first():
                raise StillUsed(f"the role {name!r} is granted", hint=f"proxmox-cli grant list --role {name}")
            await connection.execute(delete(roles).where(roles.c.name == name))


def _missing(name: str) -> RecordMissing:
    return RecordMissing(f"there is no role {name!r} that people made", hint="proxmox-cli role list")
