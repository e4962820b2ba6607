"""Jobs: what shall be done in the background, what is being done, and how it ended. Who does it: `claims.py`."""

from __future__ import annotations

import builtins
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.errors import problem_of
from proxmox_mpc.store._database import Database
from proxmox_mpc.store._unreadable import Unreadable, unsealed
from proxmox_mpc.store.errors import RecordMissing
from proxmox_mpc.store.job_records import ENDED, Job, JobState, NewJob, NewMessage
from proxmox_mpc.store.messages import tell
from proxmox_mpc.store.models import jobs
from proxmox_mpc.store.secrets import SecretKey

APPLICATION = "application "
"""How the subject of a job begins that works on an application; what follows is its name."""


@dataclass(frozen=True)
class Jobs:
    """Jobs by id; ids rise with time, so that a list goes on after the last one that was seen."""

    database: Database
    key: SecretKey

    async def add(self, new: NewJob) -> Job:
        """Keep a job for whoever works; for a schedule's due time that has one already, that one."""
        async with self.database.write() as connection:
            row = await insert(self.database, self.key, connection, new)
        return opened(self.key, row)

    async def get(self, id: str) -> Job:
        """A job. Raises RecordMissing."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == id))).one_or_none()
        if row is None:
            raise RecordMissing(f"there is no job {id!r}", hint="proxmox-cli job list shows them")
        return opened(self.key, row)

    async def list(
        self,
        *,
        states: Collection[JobState] = (),
        action: str = "",
        context: str = "",
        subject: str = "",
        actor: str = "",
        schedule_id: str = "",
        before: str = "",
        limit: int = 100,
    ) -> builtins.list[Job]:
        """Jobs that fit, the newest first; `before` is the last id of the page before this one."""
        equal = {"action": action, "context": context, "subject": subject, "actor": actor, "schedule_id": schedule_id}
        query = select(jobs).where(*(jobs.c[name] == value for name, value in equal.items() if value))
        if states:
            query = query.where(jobs.c.state.in_(states))
        if before:
            query = query.where(jobs.c.id < before)
        async with self.database.read() as connection:
            rows = (await connection.execute(query.order_by(jobs.c.id.desc()).limit(limit))).all()
        return [opened(self.key, row) for row in rows]

    async def count(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        query = select(jobs.c.state, func.count().label("number")).group_by(jobs.c.state)
        async with self.database.read() as connection:
            return {str(row.state): int(row.number) for row in (await connection.execute(query)).all()}

    async def open_of(self, user_id: str) -> int:
        """How many jobs of a user wait or run."""
        query = select(func.count()).where(jobs.c.user_id == user_id, jobs.c.state.not_in(ENDED))
        async with self.database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def cancel(self, id: str) -> Job:
        """End a job that waits; ask one that runs to stop. One that has ended stays as it is. Raises RecordMissing."""
        async with self.database.write() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == id).with_for_update())).one_or_none()
            if row is not None and row.state not in ENDED:
                ended = {"state": "cancelled", "ended_at": self.database.now()} if row.state == "queued" else {}
                await change(self.database, connection, id, {"cancel_requested": True, **ended})
        return await self.get(id)

    async def retry(self, id: str) -> Job:
        """Let a job that failed or was cancelled be done again; one of another state stays. Raises RecordMissing."""
        again = {
            "state": "queued",
            "not_before": self.database.now(),
            "max_attempts": jobs.c.attempt + 1,
            "ended_at": None,
            "deadline_at": None,
            "cancel_requested": False,
            "error": None,
            "worker": "",
        }
        async with self.database.write() as connection:
            await change(self.database, connection, id, again, jobs.c.state.in_(("failed", "cancelled")))
        return await self.get(id)

    async def next_of(self, key: str) -> str | None:
        """The id of the job of a concurrency key that is to be begun next."""
        waits = (jobs.c.state == "queued") & (jobs.c.not_before <= self.database.now())
        async with self.database.read() as connection:
            query = select(jobs.c.id).where(waits, jobs.c.concurrency_key == key)
            query = query.order_by(jobs.c.priority.desc(), jobs.c.id).limit(1)
            return (await connection.execute(query)).scalar_one_or_none()


async def insert(database: Database, key: SecretKey, connection: AsyncConnection, new: NewJob) -> Row[Any]:
    """Insert a job within a transaction, and tell of it; of a schedule's due time only the first."""
    now = database.now()
    values = {
        **{name: value for name, value in new.__dict__.items() if name != "request"},
        "id": new_id(now),
        "sealed_request": key.seal(json.dumps(new.request)),
        "limits": dict(new.limits),
        "state": "queued",
        "attempt": 0,
        "created_at": now,
        "not_before": new.not_before or now,
        "worker": "",
        "cancel_requested": False,
        "progress": {},
    }
    statement = database.insert(jobs).values(values).on_conflict_do_nothing(index_elements=["schedule_id", "due_at"])
    row: Row[Any] | None = (await connection.execute(statement.returning(jobs))).one_or_none()
    if row is None:
        same = (jobs.c.schedule_id == new.schedule_id) & (jobs.c.due_at == new.due_at)
        return (await connection.execute(select(jobs).where(same))).one()
    await tell(database, connection, state_messages(row))
    return row


async def change(
    database: Database, connection: AsyncConnection, id: str, values: Mapping[str, Any], *conditions: Any
) -> Row[Any] | None:
    """Change a job within a transaction, and tell of it; None where the conditions do not hold."""
    again = {"send_at": None} if values.get("state") == "queued" else {}
    statement = update(jobs).where(jobs.c.id == id, *conditions).values(**values, **again).returning(jobs)
    row: Row[Any] | None = (await connection.execute(statement)).one_or_none()
    if row is not None:
        await tell(database, connection, state_messages(row))
    return row


def state_messages(row: Row[Any]) -> builtins.list[NewMessage]:
    """That a job is in another state now: in the room of all jobs, in its own, and in that of its application."""
    names = ("id", "action", "subject", "actor", "state", "attempt", "worker", "cancel_requested", "error")
    payload = {name: getattr(row, name) for name in names}
    rooms = ["jobs", f"jobs/{row.id}"]
    if row.subject.startswith(APPLICATION):
        rooms.append(f"applications/{row.subject.removeprefix(APPLICATION)}")
    return [NewMessage(room, "job.state", payload, row.context, row.namespace) for room in rooms]


def new_id(now: datetime) -> str:
    """An id that nobody guesses and that sorts after all earlier ones: microseconds, then chance."""
    return f"{int(now.timestamp() * 1_000_000):014x}{secrets.token_hex(9)}"


def opened(key: SecretKey, row: Row[Any]) -> Job:
    """A row as a job. Of one that cannot be read here its error says so."""
    values = dict(row._mapping)
    del values["send_at"]
    request, sealed_result = unsealed(key, values.pop("sealed_request")), values.pop("sealed_result")
    result = unsealed(key, sealed_result) if sealed_result is not None else None
    for part in (result, request):
        if isinstance(part, Unreadable):
            values["error"] = values["error"] or problem_of(part.error)
            result = None
    return Job(request=request, result=result, **values)
