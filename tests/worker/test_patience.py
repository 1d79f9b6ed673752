"""Writes of a run against a database that is locked for a while, as a full or restarting one answers."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from worker.patience import insist


@pytest.fixture
def hasty_engine(tmp_path: Path) -> Engine:
    """Gives an engine whose database refuses at once while somebody else writes."""
    return create_engine(f"sqlite:///{tmp_path / 'test.db'}", connect_args={"timeout": 0})


def test_a_write_is_tried_until_the_database_takes_it(tmp_path: Path, hasty_engine: Engine) -> None:
    with sqlite3.connect(tmp_path / "test.db", isolation_level=None) as other:
        other.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        other.execute("BEGIN IMMEDIATE")
        refused = threading.Event()
        calls: list[int] = []

        def write(session: Session) -> str:
            calls.append(1)
            if len(calls) == 2:
                refused.set()
            session.execute(text("INSERT INTO numbers VALUES (1)"))
            return "written"

        answers: list[str] = []
        writer = threading.Thread(target=lambda: answers.append(insist(hasty_engine, write)))
        writer.start()
        assert refused.wait(30)
        other.execute("COMMIT")
        writer.join(30)
        assert answers == ["written"]
        assert other.execute("SELECT count(*) FROM numbers").fetchone() == (1,)
    other.close()
    hasty_engine.dispose()


def test_what_the_database_refuses_for_good_is_told(tmp_path: Path, hasty_engine: Engine) -> None:
    insist(
        hasty_engine, lambda session: session.execute(text("CREATE TABLE numbers (number INTEGER UNIQUE)"))
    )

    def write_twice(session: Session) -> None:
        for _ in range(2):
            session.execute(text("INSERT INTO numbers VALUES (1)"))

    with pytest.raises(IntegrityError):
        insist(hasty_engine, write_twice)
    hasty_engine.dispose()
