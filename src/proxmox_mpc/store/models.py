"""The tables. What changes here needs a migration beside it (`migrations/`); a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite itself knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("the store takes only times with a time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Named constraints, so that a migration can change them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
    Index(None, "context", "status"),
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

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("display_name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("provider", String, nullable=False),  # local, or the login provider that answers for this user
    Column("external_id", String, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_login_at", UtcTime),
    Column("failed_logins", Integer, nullable=False),
    Column("locked_until", UtcTime),
    Column("version", Integer, nullable=False),  # counts up with what ends every session: a new password, a lock
)

groups = Table(
    "groups",
    metadata,
    Column("name", String, primary_key=True),
    Column("description", String, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group", ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    Column("source", String, nullable=False),  # manual, or the login provider that says so at each login
)

roles = Table(  # those that people made; viewer, operator and admin are code
    "roles",
    metadata,
    Column("name", String, primary_key=True),
    Column("description", String, nullable=False),
    Column("permissions", JSON, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject_type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("role", String, nullable=False),
    Column("contexts", JSON, nullable=False),
    Column("namespaces", JSON, nullable=False),
    Index(None, "subject_type", "subject"),
)

logins = Table(  # who is logged in, and by which refresh token it goes on
    "logins",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_version", Integer, nullable=False),
    Column("refresh_hash", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("refreshed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("client", String, nullable=False),
    Column("address", String, nullable=False),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("contexts", JSON, nullable=False),
    Column("namespaces", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    UniqueConstraint("user_id", "name"),
)

login_attempts = Table(  # failed ones, by what limits them: an address, a name
    "login_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "subject", "at"),
)

pending_logins = Table(  # logins that a browser completes elsewhere: OIDC, SAML
    "pending_logins",
    metadata,
    Column("state", String, primary_key=True),
    Column("provider", String, nullable=False),
    Column("sealed_content", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("type", String, nullable=False),  # write, login, denial
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("context", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("address", String, nullable=False),
    Column("correlation", String, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
    Index(None, "at"),
    Index(None, "actor", "seq"),
)

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
    Column("schedule_id", String),
    Column("due_at", UtcTime),
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
    Column("failures", Integer, nullable=False),
    Column("not_before", UtcTime),
    Column("last_error", String, nullable=False),
)

servers = Table(  # the CLI's contexts of type `server`
    "servers",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("context", String, nullable=False),
    Column("user", String, nullable=False),
    Column("sealed_login", Text, nullable=False),
    Column("ca", Text),
    Column("fingerprint", String),
)
