"""Releases: the revisions that charts made."""

from __future__ import annotations

import builtins
import json
from dataclasses import dataclass

from sqlalchemy import select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import applications, releases
from proxmox_mpc.store.records import Release
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class Releases:
    """Releases by application and number; `Applications.begin_revision` makes them."""

    database: Database
    key: SecretKey

    async def get(self, context: str, application: str, number: int) -> Release | None:
        """The release of a revision; None where no chart made it."""
        query = (
            select(releases)
            .join(applications, applications.c.id == releases.c.application_id)
            .where(applications.c.context == context, applications.c.name == application, releases.c.number == number)
        )
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Release(application, number, row.chart, json.loads(self.key.unseal(row.sealed_content)))

    async def list(self, context: str, application: str = "") -> builtins.list[Release]:
        """The releases of a context, or of one application, without their content."""
        query = (
            select(applications.c.name, releases.c.number, releases.c.chart)
            .join(releases, releases.c.application_id == applications.c.id)
            .where(applications.c.context == context)
            .order_by(applications.c.name, releases.c.number)
        )
        if application:
            query = query.where(applications.c.name == application)
        async with self.database.read() as connection:
            return [Release(row.name, row.number, row.chart) for row in await connection.execute(query)]
