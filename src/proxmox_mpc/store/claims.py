"""Who does which job: claimed for a while, held by signs of life, given back by those who die."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.errors import problem_of
from proxmox_mpc.store._database import Database
from proxmox_mpc.store._unreadable import has_key
from proxmox_mpc.store.errors import JobLate, WorkersLost
from proxmox_mpc.store.job_records import Job
from proxmox_mpc.store.jobs import change, opened
from proxmox_mpc.store.models import jobs
from proxmox_mpc.store.secrets import SecretKey

DEADLINE = problem_of(JobLate())
LOST = problem_of(WorkersLost())
LONGEST_PAUSE = timedelta(minutes=10)
"""Until the id of a job that waits is sent again: so long it may lie where a broker loses it more than once."""


@dataclass(frozen=True)
class Claims:
    """Claims on jobs. A claim is the job as `next` answered it: it counts while worker and attempt are the same.

    A job that was sealed with a key which is not here is left to workers that have it.
    """

    database: Database
    key: SecretKey

    async def next(self, worker: str, lease_s: float, *, id: str = "") -> Job | None:
        """Take the next job that may be begun now, or this one; None where there is none.

        Higher priority first, then the older. Of those with one concurrency key only one runs, and the others keep
        their order: also behind one that was begun and waits to be tried again.
        """
        passed_over: builtins.list[str] = []
        async with self.database.write() as connection:
            while True:
                conditions = [self._may_begin(), *([jobs.c.id == id] if id else [])]
                query = select(jobs.c.id, jobs.c.concurrency_key).where(*conditions, jobs.c.id.not_in(passed_over))
                query = query.order_by(*_order(jobs)).limit(1).with_for_update(skip_locked=True)
                found = (await connection.execute(query)).one_or_none()
                if found is None:
                    return None
                if not found.concurrency_key or await self._is_free(connection, found.concurrency_key):
                    row = await self._take(connection, found.id, worker, lease_s)
                    return opened(self.key, row)
                passed_over.append(found.id)

    def _may_begin(self) -> ColumnElement[bool]:
        now = self.database.now()
        other = jobs.alias()
        ahead = or_(
            other.c.attempt > 0,
            and_(other.c.not_before <= now, _before(other, jobs)),
        )
        in_the_way = exists().where(
            other.c.concurrency_key == jobs.c.concurrency_key,
            other.c.id != jobs.c.id,
            or_(other.c.state == "running", and_(other.c.state == "queued", ahead)),
        )
        return and_(
            jobs.c.state == "queued",
            jobs.c.not_before <= now,
            has_key(self.key, jobs.c.sealed_request),
            or_(jobs.c.deadline_at.is_(None), jobs.c.deadline_at > now),
            # One that was begun waits for nobody but who runs: two of them must not wait for each other.
            or_(jobs.c.concurrency_key == "", ~in_the_way, and_(jobs.c.attempt > 0, ~_runs(jobs))),
        )

    async def _is_free(self, connection: AsyncConnection, key: str) -> bool:
        """Whether no other of a key runs: asked again once no other claim of that key is under way."""
        await self.database.alone(connection, f"job {key}")
        at_work = select(jobs.c.id).where(jobs.c.concurrency_key == key, jobs.c.state == "running").limit(1)
        return (await connection.execute(at_work)).one_or_none() is None

    async def _take(self, connection: AsyncConnection, id: str, worker: str, lease_s: float) -> Row[Any]:
        now = self.database.now()
        values = {
            "state": "running",
            "worker": worker,
            "attempt": jobs.c.attempt + 1,
            "started_at": now,
            "lease_until": now + timedelta(seconds=lease_s),
        }
        row = await change(self.database, connection, id, values)
        assert row is not None
        return row

    async def to_send_again(self, waited_s: float, *, limit: int = 100) -> builtins.list[str]:
        """Ids of jobs that could have been begun for so long, and were not: whoever carries ids may have lost them.

        Each is answered again after as long as it has waited by then: one whose workers are busy is sent seldom.
        """
        now = self.database.now()
        waits = (jobs.c.not_before <= now - timedelta(seconds=waited_s)) & self._may_begin()
        due = or_(jobs.c.send_at.is_(None), jobs.c.send_at <= now)
        async with self.database.write() as connection:
            query = select(jobs.c.id, jobs.c.not_before).where(waits, due).order_by(*_order(jobs)).limit(limit)
            found = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            for row in found:
                pause = min(max(now - row.not_before, timedelta(seconds=waited_s)), LONGEST_PAUSE)
                await connection.execute(update(jobs).where(jobs.c.id == row.id).values(send_at=now + pause))
        return [row.id for row in found]

    async def left_to_others(self) -> int:
        """How many jobs wait for a worker that has the key by which they were sealed, which is not here."""
        foreign = ~has_key(self.key, jobs.c.sealed_request)
        async with self.database.read() as connection:
            query = select(func.count()).where(jobs.c.state == "queued", foreign)
            return int((await connection.execute(query)).scalar_one())

    async def renew(self, job: Job, lease_s: float) -> bool | None:
        """Hold a claim for longer; whether the job shall be cancelled, or None where the claim is over."""
        until = self.database.now() + timedelta(seconds=lease_s)
        async with self.database.write() as connection:
            statement = update(jobs).where(*_held(job)).values(lease_until=until)
            answer = await connection.execute(statement.returning(jobs.c.cancel_requested))
            asked: bool | None = answer.scalar_one_or_none()
        return asked

    async def progress(self, job: Job, progress: Mapping[str, Any]) -> None:
        """Note how far a job is; nothing where the claim is over."""
        async with self.database.write() as connection:
            await connection.execute(update(jobs).where(*_held(job)).values(progress=dict(progress)))

    async def succeeded(self, job: Job, result: Mapping[str, Any]) -> bool:
        """End a job well; False where the claim is over."""
        return await self._end(job, state="succeeded", sealed_result=self.key.seal(json.dumps(result)), error=None)

    async def failed(self, job: Job, error: Mapping[str, Any], retry_at: datetime | None = None) -> bool:
        """End a job with its error, or have it tried again at a time; False where the claim is over."""
        if retry_at is None or job.attempt >= job.max_attempts:
            return await self._end(job, state="failed", error=dict(error))
        return await self._end(job, state="queued", error=dict(error), not_before=retry_at, ended_at=None)

    async def cancelled(self, job: Job, error: Mapping[str, Any]) -> bool:
        """End a job that was to stop and did; False where the claim is over."""
        return await self._end(job, state="cancelled", error=dict(error))

    async def give_back(self, job: Job) -> bool:
        """Let another worker do it, for this one ends: that counts as no attempt. False where the claim is over."""
        now = self.database.now()
        more = jobs.c.max_attempts + 1
        return await self._end(job, state="queued", not_before=now, ended_at=None, max_attempts=more)

    async def _end(self, job: Job, **values: Any) -> bool:
        given = {"ended_at": self.database.now(), "lease_until": None, **values}
        async with self.database.write() as connection:
            return await change(self.database, connection, job.id, given, *_held(job)) is not None

    async def sweep(self) -> builtins.list[Job]:
        """Take back jobs whose workers gave no sign of life, and end those whose deadline passed; all that changed."""
        now = self.database.now()
        lost = and_(jobs.c.state == "running", jobs.c.lease_until < now)
        late = and_(jobs.c.state == "queued", jobs.c.deadline_at < now)
        changed = []
        async with self.database.write() as connection:
            query = select(jobs).where(or_(lost, late)).with_for_update(skip_locked=True)
            for row in (await connection.execute(query)).all():
                fresh = await change(self.database, connection, row.id, self._after(row, now))
                if fresh is not None:
                    changed.append(fresh)
        return [opened(self.key, row) for row in changed]

    def _after(self, row: Row[Any], now: datetime) -> dict[str, Any]:
        """What becomes of a job that was lost or is late."""
        over = {"ended_at": now, "lease_until": None}
        if row.cancel_requested:
            return {"state": "cancelled", **over}
        if row.deadline_at is not None and row.deadline_at < now:
            return {"state": "failed", "error": DEADLINE, **over}
        if row.attempt >= row.max_attempts:
            return {"state": "failed", "error": LOST, **over}
        return {"state": "queued", "not_before": now, "lease_until": None}


def _order(table: Any) -> tuple[Any, ...]:
    return table.c.priority.desc(), table.c.created_at, table.c.id


def _before(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether a job comes before another in that order."""
    same_priority = one.c.priority == other.c.priority
    earlier = or_(
        one.c.created_at < other.c.created_at, and_(one.c.created_at == other.c.created_at, one.c.id < other.c.id)
    )
    return or_(one.c.priority > other.c.priority, and_(same_priority, earlier))


def _runs(table: Any) -> ColumnElement[bool]:
    other = jobs.alias()
    return exists().where(other.c.concurrency_key == table.c.concurrency_key, other.c.state == "running")


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    return jobs.c.id == job.id, jobs.c.state == "running", jobs.c.worker == job.worker, jobs.c.attempt == job.attempt
