"""Databases to migrate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.database import create_db_engine

ROOT = Path(__file__).parents[2]


def list_revisions() -> list[str]:
    """All revisions, the oldest first."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return [script.revision for script in scripts][::-1]


REVISIONS = list_revisions()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the URL of an empty database."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        return url
    return f"sqlite:///{tmp_path / 'kerasd.db'}"


@pytest.fixture
def db_engine(database_url: str) -> Iterator[Engine]:
    """Gives an engine on that database."""
    engine = create_db_engine(database_url)
    yield engine
    engine.dispose()
