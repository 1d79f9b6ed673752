from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs import lease
from core.jobs.cancellation import request_cancel
from core.jobs.errors import StaleAttemptError
from core.settings import Settings
from core.tables import Attempt as Row
from core.tables import Job
from worker.attempt import Attempt, Standing

SETTINGS = Settings()
ClaimJob = Callable[..., Attempt]


def read(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Job, job_id)


def begin_earlier(attempt: Attempt, seconds: float) -> None:
    with session_scope(attempt.db_engine) as session:
        session.get_one(Row, (attempt.job_id, attempt.number)).started_at -= timedelta(seconds=seconds)


def test_a_job_is_ours_until_another_attempt_has_it(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    assert attempt.look() == Standing(
        is_ours=True, cancel_requested=False, pause_requested=False, time_is_over=False
    )
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
    assert not replace(attempt, began=attempt.began - 40).look().time_is_over
    begin_earlier(attempt, 40)
    attempt.give_back("shut down")
    following = Attempt.claim_next(db_engine, "worker-2", SETTINGS)
    assert following is not None
    assert following.spent_seconds == pytest.approx(40, abs=5)
    assert not following.look().time_is_over
    assert replace(following, began=following.began - 30).look().time_is_over


def test_a_clock_that_is_set_spends_no_time(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job(time_limit_seconds=60.0)
    begin_earlier(attempt, 3600)
    assert not attempt.look().time_is_over
    begin_earlier(attempt, -7200)
    attempt.give_back("shut down")
    following = Attempt.claim_next(db_engine, "worker-2", SETTINGS)
    assert following is not None
    assert following.spent_seconds == 0


def test_the_time_between_attempts_does_not_count(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job(time_limit_seconds=60.0)
    attempt.give_back("shut down")
    with session_scope(db_engine) as session:
        row = session.get_one(Row, (attempt.job_id, 1))
        assert row.ended_at is not None
        row.started_at, row.ended_at = (
            moment - timedelta(days=1) for moment in (row.started_at, row.ended_at)
        )
    following = Attempt.claim_next(db_engine, "worker-2", SETTINGS)
    assert following is not None
    assert not following.look().time_is_over


def test_a_loss_is_counted_and_a_return_is_not(db_engine: Engine, claim_job: ClaimJob) -> None:
    given_back, lost = claim_job(), claim_job()
    given_back.give_back("shut down")
    lost.lose("killed")
    assert (read(db_engine, given_back.job_id).lost_leases, read(db_engine, lost.job_id).lost_leases) == (
        0,
        1,
    )
    assert read(db_engine, lost.job_id).state == "queued"


def test_the_last_attempt_is_the_one_whose_loss_fails_the_job(claim_job: ClaimJob) -> None:
    assert not claim_job(max_attempts=2).is_last
    assert claim_job(max_attempts=2, lost_leases=1).is_last
    assert not claim_job(lost_leases=3).is_last
    assert claim_job(lost_leases=4).is_last


def test_renewing_prolongs_the_lease(db_engine: Engine, claim_job: ClaimJob) -> None:
    attempt = claim_job()
    before = read(db_engine, attempt.job_id).lease_expires_at
    attempt.renew(1000)
    after = read(db_engine, attempt.job_id).lease_expires_at
    assert before is not None
    assert after is not None
    assert after > before + timedelta(seconds=900)
