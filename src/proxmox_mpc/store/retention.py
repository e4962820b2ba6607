"""Retention: what nobody will ask for any more is forgotten. The audit and revisions are kept for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Table, delete, exists, func, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.job_records import ENDED
from proxmox_mpc.store.models import (
    events,
    idempotency_keys,
    jobs,
    messages,
    pending_logins,
    plans,
    reservations,
    runs,
    snapshots,
)

Kept = Literal[
    "events",
    "messages",
    "jobs",
    "snapshots",
    "runs",
    "idempotency_keys",
    "pending_logins",
    "plans",
    "reservations",
]
KEPT: tuple[Kept, ...] = get_args(Kept)
AT_ONCE = 1000
"""Rows that one transaction deletes: writers of SQLite wait for it."""


@dataclass(frozen=True)
class Retention:
    """Forgets records by age."""

    database: Database

    async def purge(self, what: Kept, before: datetime) -> int:
        """Forget what is older, or has ended earlier; how many that were. Nothing that is still needed goes."""
        table, over = _over(what, before)
        key = list(table.primary_key.columns)
        gone = 0
        while True:
            some = select(*key).where(over).limit(AT_ONCE)
            async with self.database.write() as connection:
                rows = (await connection.execute(some)).all()
                if len(key) == 1:
                    these = key[0].in_([row[0] for row in rows])
                    gone += (await connection.execute(delete(table).where(these, over))).rowcount
                else:
                    gone += (await connection.execute(delete(table).where(over))).rowcount
            if len(key) > 1 or len(rows) < AT_ONCE:
                return gone


def _over(what: Kept, before: datetime) -> tuple[Table, ColumnElement[bool]]:
    match what:
        case "events":
            return events, events.c.at < before
        case "messages":
            # The newest tells those who come back how far it has got, and whether they missed some.
            last = select(func.max(messages.c.id)).scalar_subquery()
            return messages, (messages.c.at < before) & (messages.c.id < last)
        case "jobs":
            return jobs, jobs.c.state.in_(ENDED) & (jobs.c.ended_at < before)
        case "snapshots":
            # The newest of each thing is what the next one is compared with.
            c = snapshots.c
            newest = select(func.max(c.id)).group_by(c.context, c.resource_type, c.resource_id)
            return snapshots, (c.at < before) & c.id.not_in(newest)
        case "runs":
            # With their journals. The newest of an application is what `apply --resume` and the next plan look at.
            c, later = runs.c, runs.alias()
            same = (later.c.context == c.context) & (later.c.application == c.application)
            newer = exists().where(same, later.c.started_at > c.started_at)
            return runs, (c.status != "running") & (c.ended_at < before) & newer
        case "idempotency_keys":
            return idempotency_keys, idempotency_keys.c.created_at < before
        case "pending_logins":
            return pending_logins, pending_logins.c.expires_at < before
        case "plans":
            return plans, plans.c.expires_at < before
        case "reservations":
            return reservations, reservations.c.expires_at < before
