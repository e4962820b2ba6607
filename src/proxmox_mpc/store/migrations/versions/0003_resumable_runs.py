"""Runs that can be continued: what was asked for, and when the process last gave a sign of life."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("runs", sa.Column("sealed_request", sa.Text, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("seen_at", sa.DateTime(timezone=True)))
