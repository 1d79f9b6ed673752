"""The database: one engine for SQLite and PostgreSQL, and the scope of a session."""

import json
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

_BUSY_TIMEOUT_SECONDS: Final = 30
_READ_ONLY: Final = {"read_only": True, "postgresql_readonly": True}
# PostgreSQL shows each statement what is committed by then, in a transaction (READ COMMITTED) or without one,
# whose begin and end would be two more round trips.
_SINGLE_READS: Final = {"isolation_level": "AUTOCOMMIT"}

_encode_json = partial(json.dumps, allow_nan=False)


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware of its zone on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without a zone cannot be stored: {value.isoformat()}. Use utc_now().")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None]:
        # One call a value: lists of jobs hold hundreds of them.
        return _read_text if dialect.name == "sqlite" else _convert_to_utc


def _read_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _convert_to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """The present moment, aware of its zone."""
    return datetime.now(UTC)


def create_db_engine(url: str) -> Engine:
    """Open a pool of connections to the database.

    SQLite runs in WAL mode with foreign keys on, and every transaction that may write takes the write
    lock at its start, so that it waits for its turn and is never refused half way.

    Args:
        url: SQLAlchemy URL, `sqlite:///…` or `postgresql://…` (psycopg is the driver).

    Raises:
        ValueError: the database is of another kind.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        db_engine = _create_sqlite_engine(url, parsed.database)
    elif backend == "postgresql":
        db_engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            json_serializer=_encode_json,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=30,
        )
    else:
        raise ValueError(f"database_url must begin with sqlite:// or postgresql://, found {backend}://.")
    _forget_pool_after_fork(db_engine)
    return db_engine


@contextmanager
def session_scope(db_engine: Engine, *, read_only: bool = False) -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it raises.

    Args:
        db_engine: the engine of `create_db_engine`.
        read_only: takes no write lock, so that readers never wait for a writer; writing raises.
    """
    with Session(db_engine, expire_on_commit=False) as session, session.begin():
        if read_only:
            session.connection(execution_options=_READ_ONLY)
        yield session


@contextmanager
def reading_scope(db_engine: Engine) -> Iterator[Connection]:
    """A connection that only reads: for what is asked so often that sessions and objects would cost too much.

    Args:
        db_engine: the engine of `create_db_engine`.
    """
    options = _SINGLE_READS if db_engine.dialect.name == "postgresql" else _READ_ONLY
    with db_engine.connect() as connection, connection.execution_options(**options).begin():
        yield connection


def _create_sqlite_engine(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise ValueError(f"database_url must name a file that every process can open, found {url}.")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    db_engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_TIMEOUT_SECONDS},
        json_serializer=_encode_json,
        pool_size=10,
        max_overflow=30,
    )
    event.listen(db_engine, "connect", _prepare_sqlite_connection)
    event.listen(db_engine, "begin", _begin_sqlite_transaction)
    return db_engine


def _prepare_sqlite_connection(dbapi_connection: Any, _record: Any) -> None:
    # The driver would open transactions by itself, deferred and late; `_begin_sqlite_transaction` does it.
    dbapi_connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite_transaction(connection: Connection) -> None:
    is_read_only = connection.get_execution_options().get("read_only", False)
    # Only where it changes: SQLite prepares every statement of a connection anew after it.
    if connection.info.get("is_read_only") != is_read_only:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if is_read_only else 'OFF'}")
        connection.info["is_read_only"] = is_read_only
    # Not by the driver's own cursor, whose errors nobody waits for who waits for SQLAlchemy's.
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def _forget_pool_after_fork(db_engine: Engine) -> None:
    """A forked child opens its own connections: two processes on one socket corrupt both."""
    reference = weakref.ref(db_engine)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
