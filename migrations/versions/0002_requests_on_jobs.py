"""Add what pausing, retrying, cloning, ageing and the account of attempts need."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# All of them may be null: SQLite adds no others without writing the table anew, which its foreign keys forbid.
_COLUMNS = (
    ("max_attempts", sa.Integer()),
    ("retried_at", sa.DateTime(timezone=True)),
    ("cloned_from", sa.String(length=30)),
    ("turn_at", sa.DateTime(timezone=True)),
    ("queue_timeout_seconds", sa.Float()),
    ("queue_expires_at", sa.DateTime(timezone=True)),
    ("checkpoint_at", sa.DateTime(timezone=True)),
)
_INDEXED = ("queue_expires_at", "checkpoint_at")
_OPEN = ("queued", "starting", "running", "pausing", "paused")


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("job_id", sa.String(length=30), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_attempts_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_attempts")),
    )
    for name, kind in _COLUMNS:
        op.add_column("jobs", sa.Column(name, kind, nullable=True))
    for name in _INDEXED:
        op.create_index(op.f(f"ix_jobs_{name}"), "jobs", [name], unique=False)
    op.drop_index("ix_jobs_waiting", table_name="jobs")
    op.create_index("ix_jobs_waiting", "jobs", ["state", "turn_at", "id"], unique=False)
    _fill_turns()


def downgrade() -> None:
    op.drop_index("ix_jobs_waiting", table_name="jobs")
    op.create_index("ix_jobs_waiting", "jobs", ["state", "priority", "id"], unique=False)
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_jobs_{name}"), table_name="jobs")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("jobs", name)
    op.drop_table("attempts")


def _fill_turns() -> None:
    """Give the jobs that may still wait their turn, by their age and priority."""
    moment = sa.DateTime(timezone=True)
    jobs = sa.table(
        "jobs",
        sa.column("id", sa.String()),
        sa.column("state", sa.String()),
        sa.column("external", sa.Boolean()),
        sa.column("priority", sa.Integer()),
        sa.column("created_at", moment),
        sa.column("turn_at", moment),
        sa.column("checkpoint_at", moment),
    )
    connection = op.get_bind()
    waiting = sa.select(jobs.c.id, jobs.c.priority, jobs.c.created_at).where(
        jobs.c.state.in_(_OPEN), jobs.c.external.is_(sa.false())
    )
    for job_id, priority, created_at in connection.execute(waiting).all():
        # Those under way may have a checkpoint, which is to be removed some day.
        values = {"turn_at": created_at - timedelta(minutes=priority), "checkpoint_at": created_at}
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(values))
