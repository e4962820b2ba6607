"""Groups of users: what is granted to a group is granted to its members."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import changing_people
from proxmox_mpc.store.errors import NameTaken, RecordMissing
from proxmox_mpc.store.models import grants, groups, memberships, users
from proxmox_mpc.store.people_records import Group

MANUAL = "manual"
"""The source of memberships that people made; others are login providers, which renew theirs at each login."""


@dataclass(frozen=True)
class Groups:
    """Groups by name, with their members."""

    database: Database

    async def create(self, name: str, description: str = "") -> None:
        """Make a group without members. Raises NameTaken."""
        async with self.database.write() as connection:
            try:
                await connection.execute(insert(groups).values(name=name, description=description))
            except IntegrityError:
                raise NameTaken(f"there is a group {name!r} already") from None

    async def list(self) -> builtins.list[Group]:
        """All groups by name."""
        by_name: dict[str, tuple[str, dict[str, str]]] = {}
        members = select(memberships.c.group, users.c.name, memberships.c.source).join(users)
        async with self.database.read() as connection:
            for row in await connection.execute(select(groups).order_by(groups.c.name)):
                by_name[row.name] = (row.description, {})
            for row in await connection.execute(members.order_by(users.c.name)):
                by_name[row.group][1][row.name] = row.source
        return [Group(name, description, users_in) for name, (description, users_in) in by_name.items()]

    async def get(self, name: str) -> Group:
        """A group with its members. Raises RecordMissing."""
        found = next((group for group in await self.list() if group.name == name), None)
        if found is None:
            raise RecordMissing(f"there is no group {name!r}", hint="proxmox-cli group list")
        return found

    async def of_user(self, user_id: str) -> builtins.list[str]:
        """The names of the groups that a user is in."""
        query = select(memberships.c.group).where(memberships.c.user_id == user_id).order_by(memberships.c.group)
        async with self.database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def describe(self, name: str, description: str) -> None:
        """Say what a group is for."""
        async with self.database.write() as connection:
            await connection.execute(update(groups).where(groups.c.name == name).values(description=description))

    async def add(self, name: str, user_ids: Collection[str]) -> None:
        """Make users members. Being one already is no error."""
        async with changing_people(self.database) as connection:
            for user_id in user_ids:
                statement = self.database.insert(memberships).values(user_id=user_id, group=name, source=MANUAL)
                await connection.execute(statement.on_conflict_do_nothing())

    async def remove(self, name: str, user_ids: Collection[str]) -> None:
        """End memberships. Raises LastAdmin."""
        these = (memberships.c.group == name) & memberships.c.user_id.in_(list(user_ids))
        async with changing_people(self.database) as connection:
            await connection.execute(delete(memberships).where(these))

    async def renew(self, user_id: str, source: str, names: Collection[str]) -> None:
        """A user's memberships as a login provider tells them now; those of other sources stay.

        Groups that are not here are passed over: a provider cannot make any.
        """
        theirs = (memberships.c.user_id == user_id) & (memberships.c.source == source)
        async with changing_people(self.database) as connection:
            known = set((await connection.execute(select(groups.c.name))).scalars())
            await connection.execute(delete(memberships).where(theirs))
            for name in sorted(known & set(names)):
                statement = self.database.insert(memberships).values(user_id=user_id, group=name, source=source)
                await connection.execute(statement.on_conflict_do_nothing())

    async def delete(self, name: str) -> None:
        """Forget a group, its memberships and grants. Forgetting twice is no error. Raises LastAdmin."""
        async with changing_people(self.database) as connection:
            await connection.execute(delete(grants).where(grants.c.subject_type == "group", grants.c.subject == name))
            await connection.execute(delete(groups).where(groups.c.name == name))
