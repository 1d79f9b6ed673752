"""Moves the database's schema up and down; `python -m core.migrate` moves it up to the newest."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from core.database import create_db_engine
from core.settings import get_settings

_SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"
_LOCK_NUMBER: Final = 0x6B657261  # any number that every kerasd process agrees on


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision; two processes that do it at once wait for one another.

    Args:
        url: SQLAlchemy URL of the database.
        revision: where to stop; the newest by default.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to a revision; `base` drops every table.

    Args:
        url: SQLAlchemy URL of the database.
        revision: where to stop.
    """
    _run(url, lambda config: command.downgrade(config, revision))


def current(url: str) -> str | None:
    """The revision the database stands at, or none where it was never migrated."""
    db_engine = create_db_engine(url)
    try:
        with db_engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        db_engine.dispose()


def _run(url: str, migrate: Callable[[Config], None]) -> None:
    """Migrate in one transaction, so that a migration that fails leaves the schema as it was."""
    db_engine = create_db_engine(url)
    try:
        with db_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # On SQLite the transaction itself holds the only write lock.
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
            config = Config()
            config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            migrate(config)
    finally:
        db_engine.dispose()


if __name__ == "__main__":
    upgrade(get_settings().database_url)
