"""Add the duties that one of all processes does, and the size of a model's weights for the quota."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duties",
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duties")),
    )
    op.add_column("models", sa.Column("weights_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("models", "weights_bytes")
    op.drop_table("duties")
