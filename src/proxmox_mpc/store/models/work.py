"""Tables of a server's work: jobs, schedules, messages and who carries them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from proxmox_mpc.store.models._tables import UtcTime, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("action", String, nullable=False),
    Column("sealed_request", Text, nullable=False),
    Column("actor", String, nullable=False),
    Column("user_id", String, nullable=False),  # empty: the system itself
    Column("limits", JSON, nullable=False),  # what the token that asked may at most
    Column("context", String, nullable=False),
    Column("subject", String, nullable=False),  # what it works on, for people: application web
    Column("namespace", String, nullable=False),
    Column("concurrency_key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("deadline_at", UtcTime),
    Column("worker", String, nullable=False),
    Column("lease_until", UtcTime),
    Column("cancel_requested", Boolean, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("sealed_result", Text),
    Column("error", JSON),
    Column("correlation", String, nullable=False),
    Column("trace", String, nullable=False),  # W3C's traceparent of what asked for it, where there is a trace
    Column("schedule_id", String),
    Column("due_at", UtcTime),
    Column("send_at", UtcTime),  # when a broker is told of it again; None: as soon as it has waited for a while
    UniqueConstraint("schedule_id", "due_at"),  # each due time of a schedule has one job
    Index(None, "state", "not_before"),
    Index(None, "concurrency_key", "state"),
    Index(None, "created_at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("action", String, nullable=False),
    Column("sealed_request", Text, nullable=False),
    Column("actor", String, nullable=False),
    Column("user_id", String, nullable=False),
    Column("limits", JSON, nullable=False),
    Column("context", String, nullable=False),
    Column("cron", String, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("zone", String, nullable=False),
    Column("grace_s", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("next_at", UtcTime),
    Column("last_due_at", UtcTime),
    Column("last_error", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "enabled", "next_at"),
)

messages = Table(  # what the event bus carried, in the order in which it became visible
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("room", String, nullable=False),
    Column("type", String, nullable=False),
    Column("context", String, nullable=False),
    Column("namespace", String, nullable=False),
    Column("payload", JSON, nullable=False),
    Index(None, "room", "id"),
    Index(None, "at"),
    sqlite_autoincrement=True,  # a number is never used twice, for readers go on from the last they saw
)

leases = Table(  # one process at a time: who leads
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", UtcTime, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request", String, nullable=False),  # a fingerprint of what was asked
    Column("status", Integer),  # None while the first of its kind is at work
    Column("sealed_answer", Text),
    Column("headers", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "created_at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("rooms", JSON, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("last_id", Integer, nullable=False),  # the last message that was delivered
    Column("missed", Integer, nullable=False),  # messages that were forgotten before it took them
    Column("failures", Integer, nullable=False),
    Column("not_before", UtcTime),
    Column("last_error", String, nullable=False),
)
