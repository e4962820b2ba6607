"""Runs and their journal: what was about to be sent, and what came of it, also after a crash."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store._processes import is_alive, this_host
from proxmox_mpc.store.errors import ApplyBusy, RecordMissing, RunOver
from proxmox_mpc.store.models import journal, runs
from proxmox_mpc.store.records import SIGN_OF_LIFE_S, EntryState, JournalEntry, Run, RunStatus

Also = Callable[[AsyncConnection], Awaitable[None]]
FOREIGN_RUN = timedelta(seconds=6 * SIGN_OF_LIFE_S)
"""How long a run of another machine counts as alive after its last sign: a few may be lost with a busy database."""


@dataclass(frozen=True)
class Runs:
    """Runs with their journal entries. Each call is durable when it returns: the process may die right after."""

    database: Database

    async def begin(
        self,
        context: str,
        application: str,
        verb: str,
        actor: str,
        pid: int,
        host: str,
        plan_hash: str = "",
        *,
        planned_at: datetime | None = None,
        sealed_request: str = "",
        job: str = "",
    ) -> Run:
        """Note that a process begins to work on an application; only one may at a time.

        Raises ApplyBusy where another one is at work, or was since `planned_at`: then the plan may be outdated.
        """
        run = Run(
            id=uuid.uuid4().hex,
            context=context,
            application=application,
            verb=verb,
            actor=actor,
            pid=pid,
            host=host,
            started_at=self.database.now(),
            status="running",
            plan_hash=plan_hash,
            sealed_request=sealed_request,
            seen_at=self.database.now(),
            job=job,
        )
        async with self.database.write() as connection:
            await self.database.alone(connection, f"{context}/{application}")
            await self._refuse_company(connection, run, planned_at)
            await connection.execute(runs.insert().values(run.__dict__))
        return run

    async def _refuse_company(self, connection: AsyncConnection, run: Run, planned_at: datetime | None) -> None:
        at_work = runs.c.status == "running"
        relevant = at_work | (runs.c.ended_at > planned_at) if planned_at is not None else at_work
        query = select(runs).where(runs.c.context == run.context, runs.c.application == run.application, relevant)
        for row in (await connection.execute(query)).all():
            other = Run(**row._mapping)
            who = f"{other.verb} of {other.application} by {other.actor} (process {other.pid} on {other.host})"
            if other.status != "running":
                raise ApplyBusy(f"{who} ended only after this plan was made; nothing was changed")
            if self._works(other, run.host):
                raise ApplyBusy(f"{who} is at work since {other.started_at:%H:%M:%S} UTC; nothing was changed")

    def _works(self, run: Run, here: str) -> bool:
        """Whether a running run's process lives; of other machines nobody knows, so their runs count for a while."""
        if run.host == here:
            return is_alive(run.pid, run.started_at)
        return self.database.now() - (run.seen_at or run.started_at) < FOREIGN_RUN

    async def lives(self, run_id: str) -> None:
        """Note a sign of life of the process at work."""
        async with self.database.write() as connection:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(seen_at=self.database.now()))

    async def resumable(self, context: str) -> builtins.list[Run]:
        """The last run of each application, where it did not end well and can be continued."""
        newest = select(runs.c.application, func.max(runs.c.started_at).label("at")).where(runs.c.context == context)
        last = newest.group_by(runs.c.application).subquery()
        query = (
            select(runs)
            .join(last, (last.c.application == runs.c.application) & (last.c.at == runs.c.started_at))
            .where(runs.c.context == context, runs.c.status.in_(("failed", "interrupted")), runs.c.sealed_request != "")
            .order_by(runs.c.application)
        )
        async with self.database.read() as connection:
            return [Run(**row._mapping) for row in (await connection.execute(query)).all()]

    async def finish(self, run_id: str, status: RunStatus, summary: dict[str, Any]) -> None:
        """Close a run. Raises RecordMissing."""
        values = {"status": status, "summary": summary, "ended_at": self.database.now()}
        async with self.database.write() as connection:
            done = await connection.execute(update(runs).where(runs.c.id == run_id).values(values))
            if not done.rowcount:
                raise RecordMissing(f"there is no run {run_id}")

    async def sending(self, run_id: str, step: str, resource: str, method: str, path: str) -> int:
        """Note a request before it is sent; the entry's number within its run.

        Raises RunOver where others took the run for dead, and closed it: its process slept, and must not go on.
        """
        last = select(func.coalesce(func.max(journal.c.seq), 0)).where(journal.c.run_id == run_id).scalar_subquery()
        entry = journal.insert().values(
            run_id=run_id,
            seq=last + 1,
            step=step,
            resource=resource,
            method=method,
            path=path,
            state="sending",
            upid="",
            error="",
            at=self.database.now(),
        )
        async with self.database.write() as connection:
            # Steps of a run are journalled at the same time: the run's row makes them take turns.
            this = select(runs.c.status).where(runs.c.id == run_id).with_for_update()
            if (await connection.execute(this)).scalar_one_or_none() != "running":
                raise RunOver(f"run {run_id} was closed by another process meanwhile; nothing more is sent")
            seq: int = (await connection.execute(entry.returning(journal.c.seq))).scalar_one()
        return seq

    async def accepted(self, run_id: str, seq: int, upid: str = "") -> None:
        """Note that the cluster took a request, and the task that it started."""
        await self._move(run_id, seq, "accepted", upid=upid)

    async def done(self, run_id: str, seq: int, also: Also | None = None) -> None:
        """Note that a request, and its task if it has one, ended well; `also` writes in the same transaction."""
        await self._move(run_id, seq, "done", also)

    async def failed(self, run_id: str, seq: int, error: str) -> None:
        """Note that a request was refused, or that its task failed."""
        await self._move(run_id, seq, "failed", error=error)

    async def unknown(self, run_id: str, seq: int, why: str) -> None:
        """Note that nobody will ever know whether a request was carried out: its process was killed before it heard."""
        await self._move(run_id, seq, "unknown", error=why)

    async def get(self, run_id: str) -> Run:
        """A run. Raises RecordMissing."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(runs).where(runs.c.id == run_id))).one_or_none()
        if row is None:
            raise RecordMissing(f"there is no run {run_id}")
        return Run(**row._mapping)

    async def of_job(self, job: str) -> builtins.list[Run]:
        """The runs of a job, in the order in which they began."""
        async with self.database.read() as connection:
            rows = await connection.execute(select(runs).where(runs.c.job == job).order_by(runs.c.started_at))
            return [Run(**row._mapping) for row in rows.all()]

    async def list(self, context: str, *, limit: int = 100) -> builtins.list[Run]:
        """A context's runs, the newest first."""
        query = select(runs).where(runs.c.context == context).order_by(runs.c.started_at.desc()).limit(limit)
        async with self.database.read() as connection:
            return [Run(**row._mapping) for row in (await connection.execute(query)).all()]

    async def journal(self, run_id: str) -> builtins.list[JournalEntry]:
        """A run's journal, in the order in which its requests were sent."""
        query = select(journal).where(journal.c.run_id == run_id).order_by(journal.c.seq)
        async with self.database.read() as connection:
            return [JournalEntry(**row._mapping) for row in (await connection.execute(query)).all()]

    async def unfinished(
        self, context: str, *, host: str | None = None, dead_job: str = ""
    ) -> builtins.list[tuple[Run, builtins.list[JournalEntry]]]:
        """Runs that left requests without a known end, the oldest first, with their journals.

        Their process died, or was interrupted, or lost the cluster. Runs of other machines count as dead once they
        have given no sign of life for a while; those of a `dead_job`, whose claim is over, at once.
        """
        stale = runs.c.seen_at < self.database.now() - FOREIGN_RUN
        dead = (runs.c.job == dead_job) if dead_job else false()
        here = (runs.c.status == "running") & ((runs.c.host == (host or this_host())) | stale | dead)
        left_open = select(journal.c.run_id).where(journal.c.state.in_(("sending", "accepted")))
        query = (
            select(runs)
            .where(runs.c.context == context, here | ((runs.c.status != "running") & runs.c.id.in_(left_open)))
            .order_by(runs.c.started_at)
        )
        async with self.database.read() as connection:
            found = [Run(**row._mapping) for row in (await connection.execute(query)).all()]
        here_now = host or this_host()
        over = [
            run
            for run in found
            if run.status != "running" or (dead_job and run.job == dead_job) or not self._works(run, here_now)
        ]
        return [(run, await self.journal(run.id)) for run in over]

    async def _move(self, run_id: str, seq: int, state: EntryState, also: Also | None = None, **values: str) -> None:
        this = (journal.c.run_id == run_id) & (journal.c.seq == seq)
        async with self.database.write() as connection:
            done = await connection.execute(
                update(journal).where(this).values(state=state, at=self.database.now(), **values)
            )
            if not done.rowcount:
                raise RecordMissing(f"run {run_id} has no journal entry {seq}")
            if also is not None:
                await also(connection)
