"""Pausing, and going on."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.cancellation import request_cancel
from core.jobs.errors import ExternalRunError, IllegalMoveError, JobNotFoundError
from core.jobs.lease import claim_next, release
from core.jobs.pausing import request_pause, resume
from core.jobs.states import JobState
from core.jobs.waiting import waiting_ids
from core.tables import Job


def pause(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine) as session:
        return request_pause(session, job_id)


@pytest.mark.parametrize(
    ("state", "paused"),
    [
        (JobState.QUEUED, "paused"),
        (JobState.STARTING, "pausing"),
        (JobState.RUNNING, "pausing"),
        (JobState.PAUSING, "pausing"),
        (JobState.PAUSED, "paused"),
    ],
)
def test_a_pause_twice_is_one(
    db_engine: Engine, run_job: Callable[..., str], state: JobState, paused: str
) -> None:
    job_id = run_job(state)
    job = pause(db_engine, job_id)
    assert job.state == paused
    assert pause(db_engine, job_id).last_seq == job.last_seq


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_what_has_ended_cannot_be_paused(
    db_engine: Engine, run_job: Callable[..., str], state: JobState
) -> None:
    job_id = run_job(state)
    with pytest.raises(IllegalMoveError, match=f"is {state}"):
        pause(db_engine, job_id)
    with pytest.raises(IllegalMoveError, match=f"is {state}"), session_scope(db_engine) as session:
        resume(session, job_id)


def test_a_run_elsewhere_is_paused_there(db_engine: Engine, add_job: Callable[..., str]) -> None:
    with pytest.raises(ExternalRunError, match="trains elsewhere"):
        pause(db_engine, add_job(external=True))
    with pytest.raises(JobNotFoundError):
        pause(db_engine, "job_none")


def test_a_paused_job_is_claimed_only_after_it_was_resumed(
    db_engine: Engine, run_job: Callable[..., str]
) -> None:
    job_id = run_job()
    pause(db_engine, job_id)
    with session_scope(db_engine) as session:
        with pytest.raises(IllegalMoveError, match="is pausing"):
            resume(session, job_id)
        assert release(session, job_id, 1, "its epoch has ended").state == "paused"
        assert claim_next(session, "worker-2", 30) is None
        assert resume(session, job_id).state == "queued"
        assert resume(session, job_id).state == "queued"
        claimed = claim_next(session, "worker-2", 30)
        assert claimed is not None
        assert (claimed.id, claimed.attempt, claimed.lost_leases) == (job_id, 2, 0)


def test_a_cancel_wins_over_a_pause(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    pause(db_engine, job_id)
    with session_scope(db_engine) as session:
        request_cancel(session, job_id)
        assert release(session, job_id, 1, "its epoch has ended").state == "cancelled"


def test_a_resumed_job_waits_from_then_on(
    db_engine: Engine, run_job: Callable[..., str], add_job: Callable[..., str]
) -> None:
    paused = run_job(JobState.PAUSED, queue_timeout_seconds=60.0)
    waiting = add_job()
    with session_scope(db_engine) as session:
        job = resume(session, paused)
        assert job.queue_expires_at is not None
        assert job.queued_at is not None
        assert abs((job.queue_expires_at - job.queued_at).total_seconds() - 60) < 1
        assert waiting_ids(session.connection()) == [waiting, paused]
