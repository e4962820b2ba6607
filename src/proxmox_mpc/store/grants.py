"""Grants: who holds which role, in which contexts and namespaces."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import changing_people, granted
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.models import grants, groups, roles, users
from proxmox_mpc.store.people_records import RoleGrant, SubjectType


@dataclass(frozen=True)
class Grants:
    """Grants by number."""

    database: Database

    async def add(
        self,
        subject_type: SubjectType,
        subject: str,
        role: str,
        contexts: Sequence[str],
        namespaces: Sequence[str],
        *,
        built_in: bool,
    ) -> RoleGrant:
        """Give a role to a user (by id) or a group. Raises RecordMissing where that one or the role is gone."""
        values = {"subject_type": subject_type, "subject": subject, "role": role}
        lists = {"contexts": list(contexts), "namespaces": list(namespaces)}
        subjects = users.c.id if subject_type == "user" else groups.c.name
        async with changing_people(self.database) as connection:
            if (await connection.execute(select(subjects).where(subjects == subject))).first() is None:
                raise RecordMissing(f"there is no such {subject_type}", hint=f"proxmox-cli {subject_type} list")
            if not built_in and (await connection.execute(select(roles).where(roles.c.name == role))).first() is None:
                raise RecordMissing(f"there is no role {role!r}", hint="proxmox-cli role list")
            added = insert(grants).values({**values, **lists}).returning(grants.c.id)
            number = (await connection.execute(added)).scalar_one()
            [grant] = await granted(connection, grants.c.id == number)
        return grant

    async def list(self) -> builtins.list[RoleGrant]:
        """All grants, by number."""
        async with self.database.read() as connection:
            return list(await granted(connection))

    async def of_group(self, name: str) -> builtins.list[RoleGrant]:
        """What the members of a group hold by it."""
        async with self.database.read() as connection:
            return list(await granted(connection, (grants.c.subject_type == "group") & (grants.c.subject == name)))

    async def get(self, id: int) -> RoleGrant:
        """A grant. Raises RecordMissing."""
        async with self.database.read() as connection:
            found = await granted(connection, grants.c.id == id)
        if not found:
            raise RecordMissing(f"there is no grant {id}", hint="proxmox-cli grant list")
        return found[0]

    async def remove(self, id: int) -> None:
        """Take a grant back. Doing so twice is no error. Raises LastAdmin."""
        async with changing_people(self.database) as connection:
            await connection.execute(delete(grants).where(grants.c.id == id))
