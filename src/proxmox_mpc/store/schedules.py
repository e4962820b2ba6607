"""Schedules: actions that are run again and again, and the jobs that they make."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.errors import RefusedError, UsageError
from proxmox_mpc.store._database import Database
from proxmox_mpc.store._unreadable import Unreadable, has_key, unsealed
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.job_records import Job, NewJob, Schedule
from proxmox_mpc.store.jobs import insert, new_id, opened
from proxmox_mpc.store.models import jobs, schedules
from proxmox_mpc.store.secrets import SecretKey


class ScheduleExists(UsageError):
    """There is a schedule of this name."""

    code = "schedule.exists"
    http_status = 409


class ScheduleChanged(RefusedError):
    """Somebody else changed the schedule meanwhile."""

    code = "schedule.changed"


@dataclass(frozen=True)
class Schedules:
    """Schedules by name. What they ask for is encrypted."""

    database: Database
    key: SecretKey

    async def add(self, name: str, *, request: Mapping[str, Any], **values: Any) -> Schedule:
        """Keep a new schedule. Raises ScheduleExists."""
        now = self.database.now()
        given = {"id": new_id(now), "name": name, "created_at": now, "changed_at": now, "last_error": "", **values}
        statement = schedules.insert().values(**given, **self._sealed(request)).returning(schedules)
        try:
            async with self.database.write() as connection:
                return self._schedule((await connection.execute(statement)).one())
        except IntegrityError:
            raise ScheduleExists(f"there is a schedule {name!r} already") from None

    async def change(
        self, name: str, *, request: Mapping[str, Any] | None = None, seen_at: datetime | None = None, **values: Any
    ) -> Schedule:
        """Change a schedule, as it was `seen_at`. Raises RecordMissing, ScheduleChanged."""
        sealed = self._sealed(request) if request is not None else {}
        statement = update(schedules).where(schedules.c.name == name)
        if seen_at is not None:
            # What was looked at, and allowed, is what is changed: another one's request may not get these rights.
            statement = statement.where(schedules.c.changed_at == seen_at)
        statement = statement.values(**values, **sealed, last_error="", changed_at=self.database.now())
        async with self.database.write() as connection:
            row = (await connection.execute(statement.returning(schedules))).one_or_none()
        if row is None and seen_at is not None and await self.get(name):
            raise ScheduleChanged(f"somebody else has just changed schedule {name!r}", hint="look, and try again")
        return self._schedule(self._found(row, name))

    async def get(self, name: str) -> Schedule:
        """A schedule. Raises RecordMissing."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(schedules).where(schedules.c.name == name))).one_or_none()
        return self._schedule(self._found(row, name))

    async def list(self) -> builtins.list[Schedule]:
        """All schedules by name. Of one that cannot be read here its last error says so."""
        async with self.database.read() as connection:
            rows = (await connection.execute(select(schedules).order_by(schedules.c.name))).all()
        return [self._schedule(row, shown=True) for row in rows]

    async def delete(self, name: str) -> None:
        """Forget a schedule; its jobs stay. Raises RecordMissing."""
        async with self.database.write() as connection:
            done = await connection.execute(delete(schedules).where(schedules.c.name == name))
        if not done.rowcount:
            self._found(None, name)

    async def due(self, *, limit: int = 100) -> builtins.list[Schedule]:
        """Schedules whose time has come, the longest waiting first; not those of a key that only others have."""
        ready = schedules.c.enabled & (schedules.c.next_at <= self.database.now())
        ready &= has_key(self.key, schedules.c.sealed_request)
        async with self.database.read() as connection:
            query = select(schedules).where(ready).order_by(schedules.c.next_at, schedules.c.id).limit(limit)
            return [self._schedule(row) for row in (await connection.execute(query)).all()]

    async def next_at(self) -> datetime | None:
        """When the next one is due, of those that can be read here."""
        readable = has_key(self.key, schedules.c.sealed_request)
        async with self.database.read() as connection:
            query = select(schedules.c.next_at).where(schedules.c.enabled, schedules.c.next_at.is_not(None), readable)
            return (await connection.execute(query.order_by(schedules.c.next_at).limit(1))).scalar_one_or_none()

    async def left_to_others(self) -> int:
        """How many schedules were sealed with a key that is not here."""
        async with self.database.read() as connection:
            query = select(func.count()).where(schedules.c.enabled, ~has_key(self.key, schedules.c.sealed_request))
            return int((await connection.execute(query)).scalar_one())

    async def unbegun(self, schedule: Schedule, before: datetime) -> datetime | None:
        """The due time of the oldest job of a schedule that nobody has begun, if it was made before this moment."""
        waits = (jobs.c.state == "queued") & (jobs.c.attempt == 0) & (jobs.c.created_at < before)
        query = select(jobs.c.due_at).where(jobs.c.schedule_id == schedule.id, waits)
        async with self.database.read() as connection:
            return (await connection.execute(query.order_by(jobs.c.due_at).limit(1))).scalar_one_or_none()

    async def fire(self, schedule: Schedule, next_at: datetime | None, job: NewJob) -> Job | None:
        """Go on to the next time and make this one's job, together; None where another process did, or it changed."""
        async with self.database.write() as connection:
            if not await self._move(
                connection, schedule, {"next_at": next_at, "last_due_at": schedule.next_at, "last_error": ""}
            ):
                return None
            row = await insert(self.database, self.key, connection, job)
        return opened(self.key, row)

    async def skip(self, schedule: Schedule, next_at: datetime | None, why: str) -> bool:
        """Go on to another time without a job, and keep why; False where another process did, or it changed."""
        async with self.database.write() as connection:
            return await self._move(connection, schedule, {"next_at": next_at, "last_error": why})

    async def _move(self, connection: AsyncConnection, schedule: Schedule, values: Mapping[str, Any]) -> bool:
        this = (schedules.c.id == schedule.id) & (schedules.c.next_at == schedule.next_at)
        same = this & schedules.c.enabled & (schedules.c.changed_at == schedule.changed_at)
        return (await connection.execute(update(schedules).where(same).values(**values))).rowcount > 0

    def _sealed(self, request: Mapping[str, Any]) -> dict[str, str]:
        return {"sealed_request": self.key.seal(json.dumps(request))}

    def _found(self, row: Row[Any] | None, name: str) -> Row[Any]:
        if row is None:
            raise RecordMissing(f"there is no schedule {name!r}", hint="proxmox-cli schedule list shows them")
        return row

    def _schedule(self, row: Row[Any], *, shown: bool = False) -> Schedule:
        values = dict(row._mapping)
        request = unsealed(self.key, values.pop("sealed_request"))
        if shown and isinstance(request, Unreadable):
            values["last_error"] = request.error.message
        return Schedule(request=request, **values)
