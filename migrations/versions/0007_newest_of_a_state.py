"""Add the index by which the newest jobs of a state are found among very many others."""

from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_jobs_project_id_state_id"), "jobs", ["project_id", "state", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_jobs_project_id_state_id"), table_name="jobs")
