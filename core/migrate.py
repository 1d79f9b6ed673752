"""Moves the database's schema: `python -m core.migrate` up to the newest, `--down REVISION` back to an older one."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text

from core.database import create_db_engine
from core.settings import get_settings

_SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"
_LOCK_NUMBER: Final = 0x6B657261  # any number that every kerasd process agrees on


class BrokenReferenceError(Exception):
    """The migrated database would hold a reference to nothing."""


class UnknownRevisionError(RuntimeError):
    """The database or the caller names a revision that this version of the service does not have."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision; two processes that do it at once wait for one another.

    Args:
        url: SQLAlchemy URL of the database.
        revision: where to stop; the newest by default.

    Raises:
        UnknownRevisionError: a newer version of the service migrated the database.
    """
    _run(url, lambda config: command.upgrade(config, revision), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to a revision; `base` drops every table.

    Args:
        url: SQLAlchemy URL of the database.
        revision: where to stop.

    Raises:
        UnknownRevisionError: there is no such revision, or the database stands at one that is not known.
    """
    _run(url, lambda config: command.downgrade(config, revision), revision)


def current(url: str) -> str | None:
    """The revision the database stands at, or none where it was never migrated."""
    db_engine = create_db_engine(url)
    try:
        with db_engine.connect() as connection:
            return _read_revision(connection)
    finally:
        db_engine.dispose()


def newest() -> str:
    """The revision that this version of the code needs."""
    revision = ScriptDirectory.from_config(_make_config()).get_current_head()
    assert revision is not None
    return revision


def _make_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(url: str, migrate: Callable[[Config], None], wanted: str) -> None:
    """Migrate in one transaction, so that a migration that fails leaves the schema as it was."""
    db_engine = create_db_engine(url)
    if db_engine.dialect.name == "sqlite":
        event.listen(db_engine, "connect", _let_tables_change)
    try:
        with db_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # On SQLite the transaction itself holds the only write lock.
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
            config = _make_config()
            config.attributes["connection"] = connection
            before = _read_revision(connection)
            _check_known(config, before, wanted)
            migrate(config)
            if connection.dialect.name == "sqlite" and _read_revision(connection) != before:
                _check_references(connection)
    finally:
        db_engine.dispose()


def _read_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _let_tables_change(dbapi_connection: Any, _record: Any) -> None:
    """SQLite changes a table with references only while it does not enforce them."""
    dbapi_connection.execute("PRAGMA foreign_keys=OFF")


def _check_references(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise BrokenReferenceError(
            f"A row of {broken[0]} refers to a row of {broken[2]} that is not there; nothing was migrated."
        )


def _check_known(config: Config, found: str | None, wanted: str) -> None:
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if found is not None and found not in known:
        raise UnknownRevisionError(
            f"The database stands at revision {found}; this version of kerasd ends at {known[0]}. A newer version "
            f"migrated it. Install that one, or let it take the database back: "
            f"python -m core.migrate --down {known[0]}"
        )
    if wanted not in {*known, "head", "base"}:
        raise UnknownRevisionError(
            f"There is no revision {wanted!r}; there are {', '.join(reversed(known))}."
        )


def main() -> int:
    """Migrate the database of the settings. Returns: the exit status."""
    parser = argparse.ArgumentParser(prog="python -m core.migrate", description="Migrate the database.")
    parser.add_argument(
        "--down", metavar="REVISION", help="back to this revision instead of up to the newest"
    )
    wanted = parser.parse_args().down
    url = get_settings().database_url
    try:
        if wanted is None:
            upgrade(url)
        else:
            downgrade(url, wanted)
    except (BrokenReferenceError, UnknownRevisionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
