"""The migration to projects: what is there goes into one, and the version before can go on writing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from core import migrate
from core.database import create_db_engine
from core.tables import DEFAULT_PROJECT_ID

NOW = "2026-01-01 00:00:00+00:00"
INSERTS = {
    "models": "INSERT INTO models (id, name, class_name, definition, definition_sha256, summary, created_at) "
    f"VALUES (:id, 'm', 'Model', '{{}}', 'a', '{{}}', '{NOW}')",
    "datasets": "INSERT INTO datasets (id, name, format, sha256, size_bytes, rows, columns, created_at) "
    f"VALUES (:id, 'd', 'npy', 'a', 1, 1, '[]', '{NOW}')",
    "jobs": "INSERT INTO jobs (id, name, model_id, dataset_id, external, spec, tags, state, attempt, lost_leases, "
    "priority, epoch, epochs, last_metrics, last_seq, created_at) "
    f"VALUES (:id, 'j', :id, :id, false, '{{}}', '[]', 'queued', 0, 0, 0, 0, 1, '{{}}', 1, '{NOW}')",
    "metrics": "INSERT INTO metrics (job_id, kind, step, name, seq, value, recorded_at) "
    "VALUES (:id, 'epoch', 0, 'loss', 2, 0.5, 1.0)",
    "idempotency_keys": "INSERT INTO idempotency_keys (key, route, request_sha256, headers, created_at) "
    f"VALUES (:id, 'POST /v1/jobs', 'a', '{{}}', '{NOW}')",
}
OWNED = ("models", "datasets", "jobs", "idempotency_keys")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the URL of an empty database."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'kerasd.db'}"


@pytest.fixture
def db_engine(database_url: str) -> Iterator[Engine]:
    engine = create_db_engine(database_url)
    yield engine
    engine.dispose()


def write_as_the_version_before(db_engine: Engine, identifier: str) -> None:
    with db_engine.begin() as connection:
        for statement in INSERTS.values():
            connection.execute(text(statement), {"id": identifier})


def count(db_engine: Engine, table: str, condition: str = "1 = 1") -> int:
    with db_engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}")).scalar_one())


def test_all_that_is_there_and_what_the_version_before_writes_goes_into_the_default_project(
    database_url: str, db_engine: Engine
) -> None:
    migrate.upgrade(database_url, "0003")
    write_as_the_version_before(db_engine, "old")
    migrate.upgrade(database_url, "0004")
    write_as_the_version_before(db_engine, "new")
    for table in OWNED:
        assert count(db_engine, table, f"project_id = '{DEFAULT_PROJECT_ID}'") == 2, table
    assert count(db_engine, "metrics") == 2
    with pytest.raises(IntegrityError), db_engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET project_id = 'prj_none'"))
    primary_key = inspect(db_engine).get_pk_constraint("idempotency_keys")["constrained_columns"]
    assert set(primary_key) == {"project_id", "key", "route"}
    with pytest.raises(IntegrityError), db_engine.begin() as connection:
        connection.execute(text("UPDATE idempotency_keys SET project_id = 'prj_none'"))


def test_the_way_back_keeps_all_but_the_keys(database_url: str, db_engine: Engine) -> None:
    migrate.upgrade(database_url, "0004")
    write_as_the_version_before(db_engine, "default")
    with db_engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO projects (id, name, created_at) VALUES ('prj_2', 'two', '{NOW}')")
        )
    write_as_the_version_before(db_engine, "second")
    with db_engine.begin() as connection:
        for table in OWNED:
            identifier = "key" if table == "idempotency_keys" else "id"
            connection.execute(text(f"UPDATE {table} SET project_id = 'prj_2' WHERE {identifier} = 'second'"))
    migrate.downgrade(database_url, "0003")
    assert [count(db_engine, table) for table in (*OWNED, "metrics")] == [2, 2, 2, 1, 2]
    assert not {"projects", "api_keys"} & set(inspect(db_engine).get_table_names())
    migrate.upgrade(database_url)
    assert count(db_engine, "jobs", f"project_id = '{DEFAULT_PROJECT_ID}'") == 2
