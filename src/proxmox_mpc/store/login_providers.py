"""Login providers: who else answers for people."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, delete, or_, select, update

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._people import changing_people, granted
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.models import grants, login_providers, memberships, users
from proxmox_mpc.store.people_records import LoginProvider, RoleGrant
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class LoginProviders:
    """Providers by name; their secrets are encrypted."""

    database: Database
    key: SecretKey

    async def put(self, provider: LoginProvider) -> None:
        """Keep a provider in the place of what was there by that name. Raises LastAdmin.

        Where it is not enabled, its people's sessions end.
        """
        values = {
            "type": provider.type,
            "settings": dict(provider.settings),
            "sealed_secret": self.key.seal(provider.secret) if provider.secret else "",
            "enabled": provider.enabled,
            "groups": {ours: list(theirs) for ours, theirs in provider.groups.items()},
            "create_users": provider.create_users,
        }
        statement = self.database.insert(login_providers).values(name=provider.name, **values)
        async with changing_people(self.database) as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
            if not provider.enabled:
                await connection.execute(_end_sessions(provider.name))

    async def list(self) -> builtins.list[LoginProvider]:
        """All providers by name."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(login_providers).order_by(login_providers.c.name))).all()
        return [self._provider(row) for row in rows]

    async def find(self, name: str) -> LoginProvider | None:
        """A provider, or None."""
        query = select(login_providers).where(login_providers.c.name == name)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._provider(row)

    async def get(self, name: str) -> LoginProvider:
        """A provider. Raises RecordMissing."""
        if (found := await self.find(name)) is None:
            raise RecordMissing(f"there is no provider {name!r}", hint="proxmox-cli provider list")
        return found

    async def held(self, name: str, groups: Collection[str]) -> tuple[RoleGrant, ...]:
        """What the users of a provider hold, and what these groups do."""
        theirs = select(users.c.id).where(users.c.provider == name)
        their_groups = select(memberships.c.group).where(memberships.c.user_id.in_(theirs))
        by_group = or_(grants.c.subject.in_(list(groups)), grants.c.subject.in_(their_groups))
        which = or_(
            and_(grants.c.subject_type == "user", grants.c.subject.in_(theirs)),
            and_(grants.c.subject_type == "group", by_group),
        )
        async with self.database.read() as connection:
            return await granted(connection, which)

    async def delete(self, name: str) -> None:
        """Forget a provider; its users' sessions end. Forgetting twice is no error. Raises LastAdmin."""
        async with changing_people(self.database) as connection:
            await connection.execute(delete(login_providers).where(login_providers.c.name == name))
            await connection.execute(_end_sessions(name))

    def _provider(self, row: Row[Any]) -> LoginProvider:
        secret = self.key.unseal(row.sealed_secret) if row.sealed_secret else ""
        return LoginProvider(row.name, row.type, row.settings, row.groups, row.create_users, row.enabled, secret)


def _end_sessions(name: str) -> Any:
    return update(users).where(users.c.provider == name).values(version=users.c.version + 1)
