"""The log of a job and its place on the cursor."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.cursor import reserve
from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.jobs.events import append_log, read_since


def test_lines_follow_the_events_before_them(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        append_log(session, job_id, ["first", "zweite ü\x00"], 1)
        append_log(session, job_id, [], 1)
        append_log(session, job_id, ["third"], 1)
    with session_scope(db_engine, read_only=True) as session:
        log = read_since(session, job_id, kind="log")
        assert [event.data["line"] for event in log] == ["first", "zweite ü\x00", "third"]
        assert [event.seq for event in log] == [4, 5, 6]
        assert [event.seq for event in read_since(session, job_id, 2)] == [3, 4, 5, 6]
        assert [event.seq for event in read_since(session, job_id, 2, limit=2)] == [3, 4]
        assert {event.kind for event in read_since(session, job_id, kind="state")} == {"state"}


def test_a_stale_writer_adds_no_line(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with pytest.raises(StaleAttemptError), session_scope(db_engine) as session:
        append_log(session, job_id, ["late"], 0)
    with session_scope(db_engine, read_only=True) as session:
        assert read_since(session, job_id, kind="log") == []


def test_numbers_taken_are_gone(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        assert [reserve(session, job_id, 3), reserve(session, job_id, 1, attempt=1)] == [4, 7]
    with pytest.raises(JobNotFoundError), session_scope(db_engine) as session:
        reserve(session, "job_none", 1)
