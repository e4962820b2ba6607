"""Applications and their numbered revisions."""

from __future__ import annotations

import builtins
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.models import applications, releases, revisions
from proxmox_mpc.store.records import Application, Release, Revision, RevisionStatus
from proxmox_mpc.store.secrets import SecretKey


@dataclass(frozen=True)
class Applications:
    """Applications by context and name; what they own stands in `resources`."""

    database: Database
    key: SecretKey

    async def begin_revision(
        self,
        context: str,
        application: str,
        *,
        actor: str,
        source: str = "",
        manifests: builtins.list[dict[str, Any]],
        plan: dict[str, Any],
        note: str = "",
        run: str = "",
        release: Release | None = None,
    ) -> Revision:
        """Start the next revision of an application, which is made with its first one.

        Numbers are given one after the other, also to processes that ask at the same time. The manifests are
        encrypted. `run` stands in the result until there is one, so that what a dead run left open can be closed.
        `release` says which chart makes it; its number is the revision's.
        """
        result = {"run": run} if run else {}
        now = self.database.now()
        async with self.database.write() as connection:
            id = await self._locked(connection, context, application)
            last = await connection.execute(
                select(func.max(revisions.c.number)).where(revisions.c.application_id == id)
            )
            number = (last.scalar_one() or 0) + 1
            await connection.execute(
                revisions.insert().values(
                    application_id=id,
                    number=number,
                    created_at=now,
                    actor=actor,
                    status="pending",
                    source=source,
                    sealed_manifests=self.key.seal(json.dumps(manifests)),
                    plan=plan,
                    result=result,
                    note=note,
                )
            )
            if release is not None:
                sealed = self.key.seal(json.dumps(release.content))
                await connection.execute(
                    releases.insert().values(
                        application_id=id, number=number, chart=release.chart, sealed_content=sealed
                    )
                )
        return Revision(
            context, application, number, now, actor, "pending", source, list(manifests), dict(plan), result, note
        )

    async def finish_revision(
        self, context: str, application: str, number: int, status: RevisionStatus, result: dict[str, Any]
    ) -> None:
        """Close a revision with its result; a deployed or uninstalled one supersedes the deployed ones before it."""
        async with self.database.write() as connection:
            id = await self._locked(connection, context, application)
            this = (revisions.c.application_id == id) & (revisions.c.number == number)
            done = await connection.execute(
                update(revisions).where(this).values(status=status, result=result, finished_at=self.database.now())
            )
            if not done.rowcount:
                raise RecordMissing(f"application {application!r} has no revision {number}")
            if status in ("deployed", "uninstalled"):
                before = (revisions.c.application_id == id) & (revisions.c.number < number)
                await connection.execute(
                    update(revisions).where(before, revisions.c.status == "deployed").values(status="superseded")
                )

    async def list(self, context: str) -> builtins.list[Application]:
        """The context's applications by name, each with its newest revision."""
        newest = (
            select(revisions.c.application_id, func.max(revisions.c.number).label("number"))
            .group_by(revisions.c.application_id)
            .subquery()
        )
        query = (
            select(applications.c.name, applications.c.created_at, revisions.c.number, revisions.c.status)
            .join(newest, newest.c.application_id == applications.c.id)
            .join(
                revisions,
                (revisions.c.application_id == newest.c.application_id) & (revisions.c.number == newest.c.number),
            )
            .where(applications.c.context == context)
            .order_by(applications.c.name)
        )
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Application(context, row.name, row.created_at, row.number, row.status) for row in rows]

    async def history(self, context: str, application: str) -> builtins.list[Revision]:
        """All revisions of an application, the oldest first; none where there is no such application."""
        query = _of(context, application).order_by(revisions.c.number)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [self._revision(row, context, application) for row in rows]

    async def revision(self, context: str, application: str, number: int) -> Revision:
        """One revision. Raises RecordMissing."""
        query = _of(context, application).where(revisions.c.number == number)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise RecordMissing(f"application {application!r} has no revision {number}")
        return self._revision(row, context, application)

    async def delete(self, context: str, application: str) -> None:
        """Forget an application with all its revisions. Forgetting twice is no error."""
        this = (applications.c.context == context) & (applications.c.name == application)
        async with self.database.write() as connection:
            await connection.execute(delete(applications).where(this))

    async def _locked(self, connection: AsyncConnection, context: str, application: str) -> int:
        """The id of an application, made where it is missing, locked for this transaction."""
        await connection.execute(
            self.database.insert(applications)
            .values(context=context, name=application, created_at=self.database.now())
            .on_conflict_do_nothing(index_elements=["context", "name"])
        )
        this = (applications.c.context == context) & (applications.c.name == application)
        found = await connection.execute(select(applications.c.id).where(this).with_for_update())
        return int(found.scalar_one())

    def _revision(self, row: Row[Any], context: str, application: str) -> Revision:
        return Revision(
            context=context,
            application=application,
            number=row.number,
            created_at=row.created_at,
            actor=row.actor,
            status=row.status,
            source=row.source,
            manifests=json.loads(self.key.unseal(row.sealed_manifests)),
            plan=row.plan,
            result=row.result,
            note=row.note,
            finished_at=row.finished_at,
        )


def _of(context: str, application: str) -> Select[Any]:
    this = (applications.c.context == context) & (applications.c.name == application)
    return select(revisions).join(applications, applications.c.id == revisions.c.application_id).where(this)
