from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.jobs import lease, transitions
from core.jobs.cancellation import request_cancel
from core.jobs.errors import StaleAttemptError
from core.jobs.metrics import MetricPoint, record
from core.jobs.states import JobState
from core.tables import Job
from worker.attempt import Attempt, Standing

ClaimJob = Callable[..., Attempt]


def read(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Job, job_id)


def start(attempt: Attempt) -> None:
    with session_scope(attempt.db_engine) as session:
        transitions.move(session, attempt.job_id, JobState.RUNNING, attempt=attempt.number)


def test_a_job_is_ours_until_another_attempt_has_it(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    assert attempt.look() == Standing(is_ours=True, cancel_requested=False, time_is_over=False)
    attempt.give_back("shut down")
    assert not attempt.is_open()
    with session_scope(db_engine) as session:
        assert lease.claim(session, attempt.job_id, "worker-2", 30) is not None
    assert not attempt.is_open()
    with pytest.raises(StaleAttemptError):
        attempt.renew(30)
    with pytest.raises(StaleAttemptError):
        attempt.fail({"title": "late"})


def test_a_cancel_is_seen_and_carried_out(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    with session_scope(db_engine) as session:
        request_cancel(session, attempt.job_id)
    assert attempt.look().cancel_requested
    attempt.cancel()
    assert read(db_engine, attempt.job_id).state == "cancelled"


def test_the_time_of_all_attempts_counts(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job(time_limit_seconds=60.0)
    assert not attempt.look().time_is_over
    start(attempt)
    assert not attempt.look().time_is_over
    with session_scope(db_engine) as session:
        session.get_one(Job, attempt.job_id).started_at = utc_now() - timedelta(seconds=61)
    assert attempt.look().time_is_over


def test_a_loss_is_counted_and_a_return_is_not(db_engine: Engine, claim_job: ClaimJob) -> None:
    given_back, lost = claim_job(), claim_job()
    given_back.give_back("shut down")
    lost.lose("killed")
    assert (read(db_engine, given_back.job_id).lost_leases, read(db_engine, lost.job_id).lost_leases) == (
        0,
        1,
    )
    assert read(db_engine, lost.job_id).state == "queued"


def test_an_epoch_that_ended_is_an_advance(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    assert not attempt.has_advanced()
    with session_scope(db_engine) as session:
        record(session, attempt.job_id, [MetricPoint("epoch", 0, 0, {"loss": 1.0}, 0.0)], attempt.number)
    assert attempt.has_advanced()


def test_renewing_prolongs_the_lease(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    before = read(db_engine, attempt.job_id).lease_expires_at
    attempt.renew(1000)
    after = read(db_engine, attempt.job_id).lease_expires_at
    assert before is not None
    assert after is not None
    assert after > before + timedelta(seconds=900)
