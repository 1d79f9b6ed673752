"""Add projects, into one of which goes all that there is, their keys, and the tokens of running jobs."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DEFAULT_ID = "prj_00000000000000000000000000"
_OWNED = ("datasets", "models", "jobs")


def upgrade() -> None:
    _create_projects()
    _create_keys()
    for table in _OWNED:
        # One statement on both databases: SQLite takes a reference only together with its column. The default
        # stays, for processes of the version before, which know of no projects.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN project_id VARCHAR(30) DEFAULT '{_DEFAULT_ID}' NOT NULL "
            f"CONSTRAINT fk_{table}_project_id_projects REFERENCES projects (id)"
        )
        op.create_index(op.f(f"ix_{table}_project_id_id"), table, ["project_id", "id"], unique=False)
    op.add_column("jobs", sa.Column("token_sha256", sa.String(length=64), nullable=True))
    _own_idempotency_keys()


def downgrade() -> None:
    _disown_idempotency_keys()
    op.drop_column("jobs", "token_sha256")
    for table in reversed(_OWNED):
        op.drop_index(op.f(f"ix_{table}_project_id_id"), table_name=table)
        op.drop_column(table, "project_id")
    op.drop_index(op.f("ix_api_keys_project_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("projects")


def _create_projects() -> None:
    projects = op.create_table(
        "projects",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    op.bulk_insert(projects, [{"id": _DEFAULT_ID, "name": "default", "created_at": datetime.now(UTC)}])


def _create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("project_id", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("max_body_bytes", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_api_keys_project_id_projects")
        ),
        sa.ForeignKeyConstraint(["replaces"], ["api_keys.id"], name=op.f("fk_api_keys_replaces_api_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_keys_secret_sha256")),
    )
    op.create_index(op.f("ix_api_keys_project_id"), "api_keys", ["project_id"], unique=False)


def _own_idempotency_keys() -> None:
    """Two projects may use one key: the project becomes a part of the primary key."""
    with op.batch_alter_table("idempotency_keys") as table:
        table.add_column(
            sa.Column("project_id", sa.String(length=30), server_default=_DEFAULT_ID, nullable=False)
        )
        table.drop_constraint(op.f("pk_idempotency_keys"), type_="primary")
        table.create_primary_key(op.f("pk_idempotency_keys"), ["project_id", "key", "route"])
        table.create_foreign_key(
            op.f("fk_idempotency_keys_project_id_projects"), "projects", ["project_id"], ["id"]
        )


def _disown_idempotency_keys() -> None:
    # What is lost is the memory of a day's requests, of projects that the version before does not know.
    op.execute(f"DELETE FROM idempotency_keys WHERE project_id <> '{_DEFAULT_ID}'")
    with op.batch_alter_table("idempotency_keys") as table:
        table.drop_constraint(op.f("fk_idempotency_keys_project_id_projects"), type_="foreignkey")
        table.drop_constraint(op.f("pk_idempotency_keys"), type_="primary")
        table.drop_column("project_id")
        table.create_primary_key(op.f("pk_idempotency_keys"), ["key", "route"])
