"""The next epoch of a run in one statement: it leaves what the transaction of `recording` leaves, or nothing."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.metrics import MetricPoint, read_since
from core.jobs.next_epoch import record_next_epoch
from core.jobs.recording import lock, record
from core.jobs.states import JobState
from core.tables import DEFAULT_PROJECT_ID, Job

FIRST = MetricPoint("epoch", 0, 0, {"loss": 0.5, "acc": 0.25}, 1000.0)
SPECIAL = MetricPoint("epoch", 4, None, {"loss": math.nan, "up": math.inf, "down": -math.inf}, 1001.0)


def store(db_engine: Engine, job_id: str, *points: MetricPoint, attempt: int | None = 1, **of: str) -> bool:
    with db_engine.begin() as connection:
        return record_next_epoch(connection, of.get("project", DEFAULT_PROJECT_ID), job_id, points, attempt)


def read(db_engine: Engine, job_id: str) -> str:
    """All that points may change; as text, since NaN equals nothing."""
    with session_scope(db_engine, read_only=True) as session:
        job = session.get_one(Job, job_id)
        return repr((read_since(session, job_id), job.epoch, job.last_metrics, job.last_seq))


class TestOnPostgresql:
    @pytest.fixture
    def database_url(self, postgresql_url: str) -> str:
        return postgresql_url

    def test_it_leaves_what_the_transaction_leaves(
        self, db_engine: Engine, run_job: Callable[..., str]
    ) -> None:
        ours, other = run_job(), run_job()
        for point in (FIRST, SPECIAL):
            assert store(db_engine, ours, point)
            with db_engine.begin() as connection:
                assert record(connection, lock(connection, other), [point], 1) == 1
            assert read(db_engine, ours) == read(db_engine, other)

    def test_a_run_elsewhere_needs_no_attempt(self, db_engine: Engine, add_job: Callable[..., str]) -> None:
        job_id = add_job(external=True)
        assert store(db_engine, job_id, FIRST, attempt=None)
        assert not store(db_engine, job_id, SPECIAL, attempt=1)

    @pytest.mark.parametrize(
        ("points", "attempt", "project"),
        [
            ([FIRST], 2, DEFAULT_PROJECT_ID),
            ([FIRST], None, DEFAULT_PROJECT_ID),
            ([FIRST], 1, "prj_of_others"),
            ([FIRST, SPECIAL], 1, DEFAULT_PROJECT_ID),
            ([MetricPoint("batch", 0, 0, {"loss": 0.5}, 1000.0)], 1, DEFAULT_PROJECT_ID),
            ([MetricPoint("epoch", 0, 0, {}, 1000.0)], 1, DEFAULT_PROJECT_ID),
        ],
    )
    def test_what_needs_a_closer_look_changes_nothing(
        self,
        db_engine: Engine,
        run_job: Callable[..., str],
        points: list[MetricPoint],
        attempt: int | None,
        project: str,
    ) -> None:
        job_id = run_job()
        before = read(db_engine, job_id)
        assert not store(db_engine, job_id, *points, attempt=attempt, project=project)
        assert read(db_engine, job_id) == before

    def test_an_epoch_that_was_told_is_left_alone(
        self, db_engine: Engine, run_job: Callable[..., str]
    ) -> None:
        job_id = run_job()
        assert store(db_engine, job_id, SPECIAL)
        before = read(db_engine, job_id)
        assert not store(db_engine, job_id, SPECIAL)
        assert not store(db_engine, job_id, FIRST)
        assert read(db_engine, job_id) == before

    def test_a_job_that_has_ended_takes_none(self, db_engine: Engine, run_job: Callable[..., str]) -> None:
        for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
            assert not store(db_engine, run_job(state), FIRST)

    def test_of_many_tellings_at_once_one_counts(
        self, db_engine: Engine, run_job: Callable[..., str]
    ) -> None:
        job_id = run_job()
        with ThreadPoolExecutor(8) as threads:
            stored = list(threads.map(lambda _: store(db_engine, job_id, FIRST), range(24)))
        assert sum(stored) == 1


class TestOnSqlite:
    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'kerasd.db'}"

    def test_it_is_left_to_the_transaction(self, db_engine: Engine, run_job: Callable[..., str]) -> None:
        assert not store(db_engine, run_job(), FIRST)
