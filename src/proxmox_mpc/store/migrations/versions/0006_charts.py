"""Releases of charts, and the repositories that charts come from."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("application_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("chart", sa.JSON, nullable=False),
        sa.Column("sealed_content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("application_id", "number", name="pk_releases"),
        sa.ForeignKeyConstraint(
            ["application_id", "number"],
            ["revisions.application_id", "revisions.number"],
            name="fk_releases_application_id_revisions",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "chart_repositories",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("username", sa.String, nullable=False),
        sa.Column("sealed_password", sa.Text, nullable=False),
        sa.Column("index", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="pk_chart_repositories"),
    )
