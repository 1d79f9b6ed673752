import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.events import read_since
from worker.attempt import Attempt
from worker.run.log import RunLog, printing_to


def read_lines(db_engine: Engine, job_id: str) -> list[str]:
    with session_scope(db_engine, read_only=True) as session:
        return [event.data["line"] for event in read_since(session, job_id, kind="log")]


def test_what_is_printed_becomes_lines_of_the_log(
    db_engine: Engine, claim_job: Callable[..., Attempt]
) -> None:
    attempt = claim_job()
    with printing_to(RunLog(db_engine, attempt.job_id, attempt.number)):
        print("one\ntwo")
        print("a bar 1%\ra bar 99%\rdone", flush=True)
        print("no end", end="")
    assert read_lines(db_engine, attempt.job_id) == ["one", "two", "done", "no end"]


def test_errors_that_are_printed_are_told_too(db_engine: Engine, claim_job: Callable[..., Attempt]) -> None:
    attempt = claim_job()
    with printing_to(RunLog(db_engine, attempt.job_id, attempt.number)):
        print("the monitor is unknown", file=sys.stderr)
    assert read_lines(db_engine, attempt.job_id) == ["the monitor is unknown"]


def test_lines_of_an_attempt_that_counts_no_more_are_refused(
    db_engine: Engine, claim_job: Callable[..., Attempt], caplog: pytest.LogCaptureFixture
) -> None:
    attempt = claim_job()
    with printing_to(RunLog(db_engine, attempt.job_id, attempt.number + 1)):
        print("from the past")
    assert read_lines(db_engine, attempt.job_id) == []
    assert "1 log lines were refused" in caplog.text
