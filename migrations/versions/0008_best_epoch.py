"""Add the index by which a job's best epoch is found among very many."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    losses = sa.text("kind = 'epoch' AND name IN ('val_loss', 'loss') AND value IS NOT NULL")
    op.create_index(
        "ix_metrics_best",
        "metrics",
        ["job_id", "name", "value", "step"],
        unique=False,
        sqlite_where=losses,
        postgresql_where=losses,
    )


def downgrade() -> None:
    op.drop_index("ix_metrics_best", table_name="metrics")
