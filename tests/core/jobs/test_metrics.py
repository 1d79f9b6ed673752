"""Metrics: repeats, changes, numbers that are none, and the cursor."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.jobs.metrics import MetricPoint, RecordedPoint, read_since
from core.jobs.recording import lock, record
from core.tables import Job


def at_epoch(step: int, **values: float) -> MetricPoint:
    return MetricPoint("epoch", step, step, values, 1000.0 + step)


def at_batch(step: int, **values: float) -> MetricPoint:
    return MetricPoint("batch", step, 0, values, 1000.0 + step)


def store(db_engine: Engine, job_id: str, *points: MetricPoint, attempt: int | None = 1) -> int:
    with db_engine.begin() as connection:
        return record(connection, lock(connection, job_id), points, attempt)


def read(db_engine: Engine, job_id: str, since: int = 0, **choice: object) -> list[RecordedPoint]:
    with session_scope(db_engine, read_only=True) as session:
        return read_since(session, job_id, since, **choice)


def read_job(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Job, job_id)


def test_points_are_numbered_in_order(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    start = read_job(db_engine, job_id).last_seq
    assert store(db_engine, job_id, at_batch(0, loss=2.0), at_epoch(0, loss=0.1, acc=0.5)) == 2
    assert read(db_engine, job_id) == [
        RecordedPoint(start + 1, "batch", 0, 0, {"loss": 2.0}, 1000.0),
        RecordedPoint(start + 2, "epoch", 0, 0, {"acc": 0.5, "loss": 0.1}, 1000.0),
    ]
    job = read_job(db_engine, job_id)
    assert (job.epoch, job.last_metrics, job.last_seq) == (1, {"loss": 0.1, "acc": 0.5}, start + 2)


def test_a_repeat_changes_nothing(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    points = at_epoch(0, loss=0.1, nan=math.nan), at_epoch(1, loss=math.inf)
    store(db_engine, job_id, *points)
    before, last_seq = read(db_engine, job_id), read_job(db_engine, job_id).last_seq
    assert store(db_engine, job_id, *points) == 0
    assert repr(read(db_engine, job_id)) == repr(before)
    assert read_job(db_engine, job_id).last_seq == last_seq


def test_a_changed_value_gets_a_new_number(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    store(db_engine, job_id, at_epoch(0, loss=0.5, acc=0.5), at_epoch(1, loss=0.4))
    cursor = read_job(db_engine, job_id).last_seq
    assert store(db_engine, job_id, at_epoch(0, loss=0.7, acc=0.5), at_epoch(1, loss=0.4)) == 1
    changed = read(db_engine, job_id, cursor)
    assert [(point.seq, point.step, point.values) for point in changed] == [(cursor + 1, 0, {"loss": 0.7})]
    assert read_job(db_engine, job_id).last_metrics == {"loss": 0.4}


def test_numbers_that_are_none_survive(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    store(db_engine, job_id, at_epoch(0, a=math.nan, b=math.inf, c=-math.inf, d=1e-320))
    (point,) = read(db_engine, job_id)
    assert math.isnan(point.values.pop("a"))
    assert point.values == {"b": math.inf, "c": -math.inf, "d": 1e-320}
    assert read_job(db_engine, job_id).last_metrics == {
        "a": "NaN",
        "b": "Infinity",
        "c": "-Infinity",
        "d": 1e-320,
    }
    assert store(db_engine, job_id, at_epoch(0, a=0.5)) == 1
    assert read(db_engine, job_id)[-1].values == {"a": 0.5}


def test_an_epoch_that_comes_late_does_not_set_the_job_back(
    db_engine: Engine, run_job: Callable[..., str]
) -> None:
    job_id = run_job()
    store(db_engine, job_id, at_epoch(2, loss=0.2))
    store(db_engine, job_id, at_epoch(1, loss=0.3))
    store(db_engine, job_id, at_epoch(2, val_loss=0.25))
    job = read_job(db_engine, job_id)
    assert (job.epoch, job.last_metrics) == (3, {"loss": 0.2, "val_loss": 0.25})


def test_a_stale_attempt_stores_nothing(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with pytest.raises(StaleAttemptError):
        store(db_engine, job_id, at_epoch(0, loss=0.1), attempt=2)
    assert read(db_engine, job_id) == []
    with pytest.raises(JobNotFoundError):
        store(db_engine, "job_none", at_epoch(0, loss=0.1), attempt=None)


def test_a_point_told_twice_in_one_call_counts_once(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    assert store(db_engine, job_id, at_epoch(0, loss=0.1, acc=1.0), at_epoch(0, loss=0.2)) == 1
    assert [point.values for point in read(db_engine, job_id)] == [{"acc": 1.0, "loss": 0.2}]


def test_reading_can_be_narrowed(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    store(
        db_engine, job_id, *[at_batch(step, loss=step, acc=0.0) for step in range(5)], at_epoch(0, loss=9.0)
    )
    assert [point.step for point in read(db_engine, job_id, kind="batch", limit=2)] == [0, 1]
    assert [point.values for point in read(db_engine, job_id, names=["loss"], limit=1)] == [{"loss": 0.0}]
    assert [point.kind for point in read(db_engine, job_id, kind="epoch")] == ["epoch"]
    second = read(db_engine, job_id)[1].seq
    assert [point.step for point in read(db_engine, job_id, second, kind="batch")] == [2, 3, 4]


def test_more_points_than_a_query_holds_keys(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    points = [at_batch(step, loss=step) for step in range(1200)]
    assert store(db_engine, job_id, *points) == 1200
    assert store(db_engine, job_id, *points, at_batch(1200, loss=0)) == 1
    assert len(read(db_engine, job_id)) == 1201


def test_writers_at_one_time_share_out_the_numbers(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    start = read_job(db_engine, job_id).last_seq

    def write(writer: int) -> None:
        for step in range(10):
            store(db_engine, job_id, at_batch(step, same=1.0, **{f"of_{writer}": 1.0}))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(6)))
    points = read(db_engine, job_id)
    numbers = [point.seq for point in points]
    assert numbers == list(range(start + 1, start + 61))
    assert sum("same" in point.values for point in points) == 10
    assert read_job(db_engine, job_id).last_seq == start + 60
