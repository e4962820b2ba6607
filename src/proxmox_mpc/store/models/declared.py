"""Tables of what is declared: contexts, applications, their runs, and what is remembered of clusters."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from proxmox_mpc.store.models._tables import UtcTime, metadata

contexts = Table(
    "contexts",
    metadata,
    Column("name", String, primary_key=True),
    Column("endpoints", JSON, nullable=False),
    Column("user", String),
    Column("sealed_password", Text),
    Column("token_id", String),
    Column("sealed_token_secret", Text),
    Column("ca", Text),
    Column("fingerprint", String),
    Column("insecure", Boolean, nullable=False),
)

choices = Table(  # what the user chose for this store: the current context
    "choices",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("context", String, nullable=False),
    Column("name", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("context", "name"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("actor", String, nullable=False),
    Column("status", String, nullable=False),
    Column("source", String, nullable=False),
    Column("sealed_manifests", Text, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("note", String, nullable=False),
)

releases = Table(  # of the revisions that a chart made
    "releases",
    metadata,
    Column("application_id", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("chart", JSON, nullable=False),
    Column("sealed_content", Text, nullable=False),
    ForeignKeyConstraint(
        ["application_id", "number"], ["revisions.application_id", "revisions.number"], ondelete="CASCADE"
    ),
)

chart_repositories = Table(
    "chart_repositories",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("username", String, nullable=False),
    Column("sealed_password", Text, nullable=False),
    Column("index", Text, nullable=False),
    Column("fetched_at", UtcTime),
)

resources = Table(
    "resources",
    metadata,
    Column("context", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("namespace", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("uid", String, nullable=False),
    Column("application", String, nullable=False),
    Column("identity", JSON, nullable=False),
    Column("applied", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "context", "application"),
)

plans = Table(
    "plans",
    metadata,
    Column("hash", String, primary_key=True),
    Column("context", String, nullable=False),
    Column("application", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("content", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("context", String, nullable=False),
    Column("application", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("status", String, nullable=False),
    Column("plan_hash", String, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("sealed_request", Text, nullable=False),
    Column("seen_at", UtcTime),
    Column("job", String, nullable=False),  # the job that it is part of; empty for one that somebody waits for
    Index(None, "context", "status"),
    Index(None, "job"),
)

journal = Table(
    "journal",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("step", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("state", String, nullable=False),
    Column("upid", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("context", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("type", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("namespace", String, nullable=False),
    Column("name", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("actor", String, nullable=False),
    Index(None, "context", "at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("context", String, nullable=False),
    Column("resource_type", String, nullable=False),
    Column("resource_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("change", String, nullable=False),
    Column("state", JSON),
    Column("checksum", String, nullable=False),
    Index(None, "context", "resource_type", "resource_id", "id"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("context", String, primary_key=True),
    Column("vmid", Integer, primary_key=True, autoincrement=False),
    Column("owner", String, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

baselines = Table(
    "baselines",
    metadata,
    Column("context", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("namespace", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("path", String, primary_key=True),
    Column("application", String, nullable=False),
    Column("value", JSON, nullable=False),
    Column("reason", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
)

quiet_plans = Table(
    "quiet_plans",
    metadata,
    Column("context", String, primary_key=True),
    Column("application", String, primary_key=True),
    Column("wish", String, nullable=False),
    Column("reads", JSON, nullable=False),
    Column("answers", String, nullable=False),
    Column("shown", JSON, nullable=False),
)

kept_secrets = Table(
    "kept_secrets",
    metadata,
    Column("context", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("namespace", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("sealed_secret", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)
