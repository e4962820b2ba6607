"""Plans that came to nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "quiet_plans",
        sa.Column("context", sa.String, nullable=False),
        sa.Column("application", sa.String, nullable=False),
        sa.Column("wish", sa.String, nullable=False),
        sa.Column("reads", sa.JSON, nullable=False),
        sa.Column("answers", sa.String, nullable=False),
        sa.Column("shown", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("context", "application", name="pk_quiet_plans"),
    )
