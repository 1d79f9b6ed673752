"""The session's edge, times, foreign keys, and many processes at once."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from core.database import create_db_engine, session_scope
from core.tables import Artifact, Event, Job, Metric, Model, Worker

COUNT_UP = """
import sys
from core.database import create_db_engine, session_scope
from core.tables import Worker
db_engine = create_db_engine(sys.argv[1])
for _ in range(50):
    with session_scope(db_engine) as session:
        worker = session.get(Worker, "w", with_for_update=True)
        worker.slots = worker.slots + 1
db_engine.dispose()
"""


def new_worker(**columns: object) -> Worker:
    return Worker(**{"id": "w", "hostname": "h", "pid": 1, "device": "cpu", "slots": 1, **columns})


def new_model(identifier: str) -> Model:
    return Model(id=identifier, name="m", class_name="Model", definition="{}", definition_sha256="0" * 64)


def add_worker(db_engine: Engine, *, read_only: bool = False, raises: Exception | None = None) -> None:
    with session_scope(db_engine, read_only=read_only) as session:
        session.add(new_worker())
        session.flush()
        if raises is not None:
            raise raises


def test_a_block_that_raises_leaves_nothing(db_engine: Engine) -> None:
    with pytest.raises(KeyError):
        add_worker(db_engine, raises=KeyError())
    with session_scope(db_engine, read_only=True) as session:
        assert session.get(Worker, "w") is None


def test_a_reader_may_not_write(db_engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        add_worker(db_engine, read_only=True)
    add_worker(db_engine)


def test_a_reader_does_not_wait_for_a_writer(db_engine: Engine) -> None:
    with session_scope(db_engine) as writer:
        writer.add(new_worker())
        writer.flush()
        with session_scope(db_engine, read_only=True) as reader:
            assert reader.get(Worker, "w") is None


def test_times_come_back_in_utc(db_engine: Engine) -> None:
    there = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with session_scope(db_engine) as session:
        session.add(new_worker(seen_at=there))
    with session_scope(db_engine, read_only=True) as session:
        seen_at = session.get_one(Worker, "w").seen_at
        assert session.scalar(select(Worker.id).where(Worker.seen_at <= there)) == "w"
        assert session.scalar(select(Worker.id).where(Worker.seen_at < there)) is None
    assert (seen_at, seen_at.tzinfo) == (there, UTC)


def test_a_time_without_a_zone_is_refused(db_engine: Engine) -> None:
    with pytest.raises(StatementError, match="without a zone"), session_scope(db_engine) as session:
        session.add(new_worker(seen_at=datetime(2026, 3, 1)))


def test_a_model_in_use_stays_and_a_job_takes_its_rows_along(
    db_engine: Engine, add_job: Callable[..., str]
) -> None:
    with session_scope(db_engine) as session:
        session.add(new_model("mdl_1"))
    job_id = add_job(model_id="mdl_1")
    with session_scope(db_engine) as session:
        session.add(Artifact(job_id=job_id, name="a", sha256="0" * 64, size_bytes=1, media_type="text/plain"))
        session.add(
            Metric(job_id=job_id, kind="epoch", step=0, name="loss", seq=9, value=1.0, recorded_at=0.0)
        )
    with pytest.raises(IntegrityError), session_scope(db_engine) as session:
        session.execute(delete(Model))
    with session_scope(db_engine) as session:
        session.execute(delete(Job))
        for table in (Artifact, Metric, Event):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        session.execute(delete(Model))


def test_writers_in_many_processes_wait_for_one_another(db_engine: Engine, database_url: str) -> None:
    with session_scope(db_engine) as session:
        session.add(new_worker(slots=0))
    processes = [subprocess.Popen([sys.executable, "-c", COUNT_UP, database_url]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with session_scope(db_engine, read_only=True) as session:
        assert session.get_one(Worker, "w").slots == 150


def test_a_forked_child_opens_its_own_connection(db_engine: Engine) -> None:
    with session_scope(db_engine) as session:
        session.add(new_worker())
    child = os.fork()
    if child == 0:
        with session_scope(db_engine) as session:
            session.get_one(Worker, "w").slots = 7
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with session_scope(db_engine, read_only=True) as session:
        assert session.get_one(Worker, "w").slots == 7


def test_sqlite_writes_ahead_and_minds_foreign_keys(tmp_path: Path) -> None:
    db_engine = create_db_engine(f"sqlite:///{tmp_path / 'new' / 'kerasd.db'}")
    with db_engine.connect() as connection:
        pragmas = [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys")]
    db_engine.dispose()
    assert pragmas == ["wal", 1]


def test_a_write_lock_that_is_not_to_be_had_is_told_as_every_refusal_of_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    engine = create_db_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), session_scope(engine) as session:
        session.execute(text("SELECT 1"))
    other.close()
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database_url must"):
        create_db_engine(url)
