"""Who goes first, and who has waited too long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.jobs.expiry import fail_expired, has_expired_jobs
from core.jobs.lease import claim_next, release
from core.jobs.transitions import lock
from core.jobs.waiting import find_positions, reprioritize, waiting_ids
from core.tables import Job


def age(db_engine: Engine, job_id: str, minutes: float) -> None:
    """Make a job wait that long already."""
    with session_scope(db_engine) as session:
        job = session.get_one(Job, job_id)
        assert job.turn_at is not None
        job.turn_at -= timedelta(minutes=minutes)


def test_a_minute_of_waiting_is_worth_a_point(db_engine: Engine, add_job: Callable[..., str]) -> None:
    patient, urgent = add_job(), add_job(priority=10)
    age(db_engine, patient, 9)
    with session_scope(db_engine, read_only=True) as session:
        assert waiting_ids(session.connection()) == [urgent, patient]
    age(db_engine, patient, 2)
    with session_scope(db_engine, read_only=True) as session:
        assert waiting_ids(session.connection()) == [patient, urgent]
        turn_at = session.get_one(Job, urgent).turn_at
        assert turn_at is not None
        assert find_positions(session.connection(), [(turn_at, urgent)]) == {urgent: 2}


def test_a_new_priority_keeps_what_was_waited(db_engine: Engine, add_job: Callable[..., str]) -> None:
    old, young = add_job(), add_job(priority=5)
    age(db_engine, old, 3)
    with session_scope(db_engine) as session:
        reprioritize(lock(session, old), 3)
        session.flush()
        assert waiting_ids(session.connection()) == [old, young]
        reprioritize(lock(session, old), 1)
        session.flush()
        assert waiting_ids(session.connection()) == [young, old]
        assert session.get_one(Job, old).priority == 1


def test_a_job_given_back_keeps_its_turn(db_engine: Engine, add_job: Callable[..., str]) -> None:
    first, second = add_job(), add_job()
    with session_scope(db_engine) as session:
        claimed = claim_next(session, "worker-1", 30)
        assert claimed is not None
        release(session, first, 1, "the worker shut down")
        assert waiting_ids(session.connection()) == [first, second]


def test_a_job_that_waited_too_long_fails_in_words(db_engine: Engine, add_job: Callable[..., str]) -> None:
    impatient, patient, unlimited = (
        add_job(queue_timeout_seconds=60.0),
        add_job(queue_timeout_seconds=600.0),
        add_job(),
    )
    later = utc_now() + timedelta(seconds=61)
    with session_scope(db_engine, read_only=True) as session:
        assert not has_expired_jobs(session, utc_now())
        assert has_expired_jobs(session, later)
    with session_scope(db_engine) as session:
        assert fail_expired(session, later) == [impatient]
        assert fail_expired(session, later) == []
        job = session.get_one(Job, impatient)
        assert job.error is not None
        assert (job.state, job.error["type"]) == ("failed", "queue-timeout")
        assert waiting_ids(session.connection()) == [patient, unlimited]


@pytest.mark.parametrize("starts_in_time", [True, False])
def test_only_the_wait_for_the_start_is_limited(
    db_engine: Engine, add_job: Callable[..., str], starts_in_time: bool
) -> None:
    job_id = add_job(queue_timeout_seconds=60.0 if starts_in_time else 1e-6)
    with session_scope(db_engine) as session:
        claimed = claim_next(session, "worker-1", 30)
        assert (claimed is not None) == starts_in_time
        if starts_in_time:
            release(session, job_id, 1, "the worker shut down")
            assert fail_expired(session, utc_now() + timedelta(seconds=1000)) == []
