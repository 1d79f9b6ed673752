"""The migrations make what the tables say, and unmake it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

import core.tables  # noqa: F401 - declares every table
from core import migrate
from core.database import Base
from tests.migrations.conftest import REVISIONS


def differences(db_engine: Engine) -> list[object]:
    with db_engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_the_newest_schema_is_that_of_the_tables(database_url: str, db_engine: Engine) -> None:
    migrate.upgrade(database_url)
    assert differences(db_engine) == []


def test_every_migration_runs_down_and_up_again(database_url: str, db_engine: Engine) -> None:
    for revision in REVISIONS:
        migrate.upgrade(database_url, revision)
        assert migrate.current(database_url) == revision
    for revision in [*REVISIONS[-2::-1], "base"]:
        migrate.downgrade(database_url, revision)
    assert migrate.current(database_url) is None
    assert inspect(db_engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database_url)
    assert differences(db_engine) == []


def test_a_database_never_migrated_has_no_revision(database_url: str) -> None:
    assert migrate.current(database_url) is None


@pytest.mark.parametrize("found", [None, REVISIONS[0]])
def test_processes_that_migrate_at_once_wait_for_one_another(
    database_url: str, db_engine: Engine, found: str | None
) -> None:
    if found is not None:
        migrate.upgrade(database_url, found)
    with ThreadPoolExecutor(3) as threads:
        ends = list(threads.map(run_command, [database_url] * 3))
    assert ends == [(0, "")] * 3
    assert differences(db_engine) == []


def run_command(database_url: str, *arguments: str) -> tuple[int, str]:
    """Run `python -m core.migrate`. Returns: its exit status and what it complains of."""
    environment = {**os.environ, "KERASD_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "core.migrate", *arguments]
    ended = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
    return ended.returncode, ended.stderr


def test_the_command_goes_back(database_url: str) -> None:
    migrate.upgrade(database_url)
    assert run_command(database_url, "--down", REVISIONS[0]) == (0, "")
    assert migrate.current(database_url) == REVISIONS[0]
    status, words = run_command(database_url, "--down", "0000")
    assert status == 1
    assert REVISIONS[-1] in words


def test_a_database_of_a_newer_version_stays_as_it_is(database_url: str, db_engine: Engine) -> None:
    migrate.upgrade(database_url)
    with db_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    status, words = run_command(database_url)
    assert status == 1
    assert "revision 9999" in words
    assert f"--down {REVISIONS[-1]}" in words
    assert migrate.current(database_url) == "9999"


def test_the_command_migrates_the_configured_database(database_url: str, db_engine: Engine) -> None:
    assert run_command(database_url) == (0, "")
    assert differences(db_engine) == []
