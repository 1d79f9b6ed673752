"""The migrations make what the tables say, and unmake it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

import core.tables  # noqa: F401 - declares every table
from core import migrate
from core.database import Base, create_db_engine

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the URL of an empty database."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'kerasd.db'}"


@pytest.fixture
def db_engine(database_url: str) -> Iterator[Engine]:
    """Gives an engine on that database."""
    engine = create_db_engine(database_url)
    yield engine
    engine.dispose()


def differences(db_engine: Engine) -> list[object]:
    with db_engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_the_newest_schema_is_that_of_the_tables(database_url: str, db_engine: Engine) -> None:
    migrate.upgrade(database_url)
    assert differences(db_engine) == []


def test_every_migration_runs_down_and_up_again(database_url: str, db_engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    for revision in reversed(revisions):
        migrate.upgrade(database_url, revision)
        assert migrate.current(database_url) == revision
    for revision in [*revisions[1:], "base"]:
        migrate.downgrade(database_url, revision)
    assert migrate.current(database_url) is None
    assert inspect(db_engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database_url)
    assert differences(db_engine) == []


def test_a_database_never_migrated_has_no_revision(database_url: str) -> None:
    assert migrate.current(database_url) is None


def test_processes_that_migrate_at_once_wait_for_one_another(database_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: migrate.upgrade(database_url), range(3)))
    assert migrate.current(database_url) is not None


def test_the_command_migrates_the_configured_database(database_url: str, db_engine: Engine) -> None:
    environment = {**os.environ, "KERASD_DATABASE_URL": database_url}
    subprocess.run([sys.executable, "-m", "core.migrate"], env=environment, check=True)
    assert differences(db_engine) == []
