"""Earlier versions of the service go on with a schema that a newer one has migrated, until they are replaced."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)
from sqlalchemy.types import LargeBinary, TypeEngine

from core import migrate
from tests.migrations.conftest import REVISIONS

# What the API and the workers write by "insert, or update what is there", which names the key.
UPSERTED = ("duties", "metrics")
VALUES: dict[type[TypeEngine[Any]], Any] = {
    Boolean: False,
    DateTime: datetime(2026, 1, 1, tzinfo=UTC),
    Float: 0.5,
    Integer: 1,
    JSON: {},
    LargeBinary: b"a",
    String: "a",
    Text: "a",
}


def read_tables(db_engine: Engine) -> dict[str, Table]:
    """The tables as they stand, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(db_engine)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def make_row(table: Table) -> dict[str, Any]:
    """A row that names no column that needs no value."""
    needed = [column for column in table.columns if not column.nullable and column.server_default is None]
    return {
        column.name: next(value for kind, value in VALUES.items() if isinstance(column.type, kind))
        for column in needed
    }


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_an_earlier_version_can_still_insert(database_url: str, db_engine: Engine, revision: str) -> None:
    migrate.upgrade(database_url, revision)
    tables = read_tables(db_engine)
    rows = {name: make_row(table) for name, table in tables.items()}
    migrate.upgrade(database_url)
    with db_engine.begin() as connection:
        for name, table in tables.items():
            connection.execute(table.insert().values(rows[name]))
        for name, table in tables.items():
            assert connection.execute(table.select()).all(), name


def test_no_migration_takes_or_forces_what_earlier_versions_do_not_know(
    database_url: str, db_engine: Engine
) -> None:
    migrate.upgrade(database_url, REVISIONS[0])
    before = read_tables(db_engine)
    for revision in REVISIONS[1:]:
        migrate.upgrade(database_url, revision)
        after = read_tables(db_engine)
        assert before.keys() <= after.keys(), revision
        for name, table in before.items():
            check_table(table, after[name], f"{revision}: {name}")
        before = after


def check_table(before: Table, after: Table, place: str) -> None:
    gone = set(before.columns.keys()) - set(after.columns.keys())
    assert not gone, f"{place} loses {gone}, which earlier versions read"
    for column in after.columns:
        known = before.columns.get(column.name)
        if known is None:
            is_optional = column.nullable or column.server_default is not None
            assert is_optional, f"{place}.{column.name} is NOT NULL, and has no server default"
        else:
            assert column.nullable or not known.nullable, f"{place}.{column.name} becomes NOT NULL"


@pytest.mark.parametrize("name", UPSERTED)
def test_keys_by_which_rows_are_replaced_stay(database_url: str, db_engine: Engine, name: str) -> None:
    first = next(revision for revision in REVISIONS if has_table(database_url, db_engine, revision, name))
    key = inspect(db_engine).get_pk_constraint(name)["constrained_columns"]
    migrate.upgrade(database_url)
    unique = [inspect(db_engine).get_pk_constraint(name), *inspect(db_engine).get_unique_constraints(name)]
    columns = [each.get("constrained_columns") or each.get("column_names") for each in unique]
    assert key in columns, f"since {first} rows of {name} are replaced by {key}"


def has_table(database_url: str, db_engine: Engine, revision: str, name: str) -> bool:
    migrate.upgrade(database_url, revision)
    return inspect(db_engine).has_table(name)


def test_the_database_notes_tags_whoever_writes_the_jobs(database_url: str, db_engine: Engine) -> None:
    migrate.upgrade(database_url, "0008")
    jobs = read_tables(db_engine)["jobs"]
    row = make_row(jobs)
    older = {**row, "id": "older", "tags": ["a", "b", "a"]}
    newer = [{**row, "id": "newer", "tags": ["b"]}, {**row, "id": "plain", "tags": []}]
    with db_engine.begin() as connection:
        connection.execute(jobs.insert(), older)
    migrate.upgrade(database_url, "0009")
    noted = read_tables(db_engine)["job_tags"]
    with db_engine.begin() as connection:
        connection.execute(jobs.insert(), newer)
        found = connection.execute(select(noted.c.tag, noted.c.job_id))
        assert {tuple(row) for row in found} == {("a", "older"), ("b", "older"), ("b", "newer")}
        connection.execute(jobs.delete().where(jobs.c.id == "older"))
        assert connection.execute(select(noted.c.job_id)).scalars().all() == ["newer"]
