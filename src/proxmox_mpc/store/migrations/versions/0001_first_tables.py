"""The first tables: contexts, applications, resources, plans, runs, events, snapshots, reservations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "contexts",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("endpoints", sa.JSON, nullable=False),
        sa.Column("user", sa.String),
        sa.Column("sealed_password", sa.Text),
        sa.Column("token_id", sa.String),
        sa.Column("sealed_token_secret", sa.Text),
        sa.Column("ca", sa.Text),
        sa.Column("fingerprint", sa.String),
        sa.Column("insecure", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_contexts"),
    )
    op.create_table(
        "choices",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_choices"),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("context", "name", name="uq_applications_context_name"),
    )
    op.create_table(
        "revisions",
        sa.Column("application_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("sealed_manifests", sa.Text, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("application_id", "number", name="pk_revisions"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_revisions_application_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "resources",
        sa.Column("context", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("namespace", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("uid", sa.String, nullable=False),
        sa.Column("application", sa.String, nullable=False),
        sa.Column("identity", sa.JSON, nullable=False),
        sa.Column("applied", sa.JSON, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("context", "kind", "namespace", "name", name="pk_resources"),
    )
    op.create_index("ix_resources_context_application", "resources", ["context", "application"])
    op.create_table(
        "plans",
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("application", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_plans"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("application", sa.String, nullable=False),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("plan_hash", sa.String, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_context_status", "runs", ["context", "status"])
    op.create_table(
        "journal",
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("upid", sa.String, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_journal"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_journal_run_id", ondelete="CASCADE"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("namespace", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_context_at", "events", ["context", "at"])
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("resource_type", sa.String, nullable=False),
        sa.Column("resource_id", sa.String, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("change", sa.String, nullable=False),
        sa.Column("state", sa.JSON),
        sa.Column("checksum", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index(
        "ix_snapshots_context_resource_type_resource_id_id",
        "snapshots",
        ["context", "resource_type", "resource_id", "id"],
    )
    op.create_table(
        "reservations",
        sa.Column("context", sa.String, nullable=False),
        sa.Column("vmid", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("context", "vmid", name="pk_reservations"),
    )
