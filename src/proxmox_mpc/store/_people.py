"""What changes people: one transaction at a time, after which somebody may still do everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import LastAdmin
from proxmox_mpc.store.models import grants, login_providers, memberships, roles, users
from proxmox_mpc.store.people_records import ADMIN, RoleGrant

_EVERYWHERE = ["*"]


@asynccontextmanager
async def changing_people(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction on users, groups, roles and grants. Raises LastAdmin, and nothing was changed."""
    async with database.write() as connection:
        await database.alone(connection, "people")
        before = await _admins(connection)
        yield connection
        if before and not await _admins(connection):
            raise LastAdmin()


async def _admins(connection: AsyncConnection) -> int:
    """How many users who can log in hold the role admin in all contexts and namespaces."""
    rows = (await connection.execute(select(grants).where(grants.c.role == ADMIN))).all()
    everywhere = [row for row in rows if row.contexts == _EVERYWHERE and row.namespaces == _EVERYWHERE]
    ids = [row.subject for row in everywhere if row.subject_type == "user"]
    names = [row.subject for row in everywhere if row.subject_type == "group"]
    members = select(memberships.c.user_id).where(memberships.c.group.in_(names))
    answering = select(login_providers.c.name).where(login_providers.c.enabled)
    able = and_(~users.c.disabled, or_(users.c.password_hash.is_not(None), users.c.provider.in_(answering)))
    query = select(func.count()).select_from(users).where(able, or_(users.c.id.in_(ids), users.c.id.in_(members)))
    return int((await connection.execute(query)).scalar_one())


def of_user(user_id: str) -> ColumnElement[bool]:
    """The grants that a user has, also by groups."""
    groups_of_user = select(memberships.c.group).where(memberships.c.user_id == user_id)
    return or_(
        and_(grants.c.subject_type == "user", grants.c.subject == user_id),
        and_(grants.c.subject_type == "group", grants.c.subject.in_(groups_of_user)),
    )


async def granted(connection: AsyncConnection, which: ColumnElement[bool] | None = None) -> tuple[RoleGrant, ...]:
    """Grants with what their roles permit, by number."""
    query = select(grants, roles.c.permissions).outerjoin(roles, roles.c.name == grants.c.role).order_by(grants.c.id)
    rows = (await connection.execute(query if which is None else query.where(which))).all()
    return tuple(_grant(row) for row in rows)


def _grant(row: Any) -> RoleGrant:
    permissions = None if row.permissions is None else tuple(row.permissions)
    contexts, namespaces = tuple(row.contexts), tuple(row.namespaces)
    return RoleGrant(row.id, row.subject_type, row.subject, row.role, contexts, namespaces, permissions)
