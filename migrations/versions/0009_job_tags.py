"""Add the table by which jobs of a tag are found, and let the database fill it, for earlier versions too."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# One row for each different tag of a job, on either database.
_TAGS_OF = {
    "sqlite": "SELECT DISTINCT {job}.project_id, each.value, {job}.id FROM {source} json_each({job}.tags) AS each",
    "postgresql": "SELECT DISTINCT {job}.project_id, each.value, {job}.id FROM {source} "
    "json_array_elements_text(CASE json_typeof({job}.tags) WHEN 'array' THEN {job}.tags ELSE '[]' END) AS each(value)",
}
_INSERT = "INSERT INTO job_tags (project_id, tag, job_id)"


def upgrade() -> None:
    op.create_table(
        "job_tags",
        sa.Column("project_id", sa.String(length=30), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_tags_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "tag", "job_id", name=op.f("pk_job_tags")),
    )
    op.create_index(op.f("ix_job_tags_job_id"), "job_tags", ["job_id"], unique=False)
    dialect = op.get_bind().dialect.name
    insert = f"{_INSERT} {_TAGS_OF[dialect].format(job='NEW', source='')}"
    if dialect == "sqlite":
        op.execute(f"CREATE TRIGGER jobs_tags AFTER INSERT ON jobs BEGIN {insert}; END")
    else:
        op.execute(
            "CREATE FUNCTION fill_job_tags() RETURNS trigger LANGUAGE plpgsql "
            f"AS $$ BEGIN {insert}; RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER jobs_tags AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION fill_job_tags()"
        )
    # From here to the commit nobody adds a job.
    op.execute(f"{_INSERT} {_TAGS_OF[dialect].format(job='jobs', source='jobs,')}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER jobs_tags")
    else:
        op.execute("DROP TRIGGER jobs_tags ON jobs")
        op.execute("DROP FUNCTION fill_job_tags()")
    op.drop_index(op.f("ix_job_tags_job_id"), table_name="job_tags")
    op.drop_table("job_tags")
