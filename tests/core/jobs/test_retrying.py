"""Another try at what failed or was cancelled."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.jobs import metrics
from core.jobs.attempts import read_attempts, spent_seconds
from core.jobs.cancellation import request_cancel
from core.jobs.errors import ExternalRunError, IllegalMoveError
from core.jobs.lease import claim, release
from core.jobs.metrics import MetricPoint
from core.jobs.recording import lock, record
from core.jobs.retrying import retry
from core.jobs.states import JobState
from core.jobs.transitions import move
from core.tables import Job


@pytest.mark.parametrize(
    "state", [JobState.QUEUED, JobState.RUNNING, JobState.PAUSING, JobState.PAUSED, JobState.SUCCEEDED]
)
def test_only_what_failed_or_was_cancelled_is_retried(
    db_engine: Engine, run_job: Callable[..., str], state: JobState
) -> None:
    job_id = run_job(state)
    with (
        pytest.raises(IllegalMoveError, match=f"is {state} .* cancelled or failed"),
        session_scope(db_engine) as session,
    ):
        retry(session, job_id, from_checkpoint=True)


def test_a_run_elsewhere_is_retried_there(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job(external=True)
    with session_scope(db_engine) as session:
        move(session, job_id, JobState.FAILED)
        with pytest.raises(ExternalRunError):
            retry(session, job_id, from_checkpoint=True)


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_a_failure_is_forgiven(db_engine: Engine, run_job: Callable[..., str], from_checkpoint: bool) -> None:
    job_id = run_job(lost_leases=3)
    with session_scope(db_engine) as session:
        connection = session.connection()
        record(connection, lock(connection, job_id), [MetricPoint("epoch", 0, 0, {"loss": 0.5}, 0.0)], 1)
        session.get_one(Job, job_id).checkpoint_at = utc_now()
        session.flush()
        move(session, job_id, JobState.FAILED, attempt=1, reason="no", error={"title": "no"})
        job = retry(session, job_id, from_checkpoint=from_checkpoint)
        assert (job.state, job.error, job.lost_leases, job.finished_at) == ("queued", None, 0, None)
        kept = (1, {"loss": 0.5}, 1, True) if from_checkpoint else (0, {}, 0, False)
        points = metrics.read_since(session, job_id)
        assert (job.epoch, job.last_metrics, len(points), job.checkpoint_at is not None) == kept
        claimed = claim(session, job_id, "worker-2", 30)
        assert claimed is not None
        assert claimed.attempt == 2


def test_a_cancel_is_taken_back(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        request_cancel(session, job_id)
        release(session, job_id, 1, "stopped")
        job = retry(session, job_id, from_checkpoint=True)
        assert (job.state, job.cancel_requested_at) == ("queued", None)


def test_every_attempt_keeps_its_worker_its_times_and_its_reason(
    db_engine: Engine, run_job: Callable[..., str]
) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        release(session, job_id, 1, "the worker shut down")
        claim(session, job_id, "worker-2", 30)
        move(session, job_id, JobState.FAILED, attempt=2, reason="the loss became NaN")
        job = retry(session, job_id, from_checkpoint=True)
        assert spent_seconds(session, job) == 0
        claim(session, job_id, "worker-3", 30)
        told = read_attempts(session, job_id)
        assert [(row.number, row.worker, row.outcome, row.reason) for row in told] == [
            (1, "worker-1", "queued", "the worker shut down"),
            (2, "worker-2", "failed", "the loss became NaN"),
            (3, "worker-3", None, None),
        ]
        assert told[0].ended_at is not None
        assert told[0].started_at <= told[0].ended_at <= told[1].started_at


def test_the_time_of_attempts_adds_up_until_a_retry(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        release(session, job_id, 1, "the worker shut down")
        claim(session, job_id, "worker-2", 30)
        job = release(session, job_id, 2, "the worker shut down")
        lasted = [(row.ended_at - row.started_at).total_seconds() for row in read_attempts(session, job_id)]
        assert spent_seconds(session, job) == pytest.approx(sum(lasted))
        assert sum(lasted) > 0
