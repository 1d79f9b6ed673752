"""Another try at a job that failed or was cancelled."""

from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.errors import ExternalRunError
from core.jobs.states import JobState
from core.jobs.transitions import lock, move
from core.jobs.waiting import begin_to_wait
from core.tables import Job, Metric

_FROM_SCRATCH: Final[dict[str, Any]] = {"checkpoint_at": None, "epoch": 0, "last_metrics": {}}


def retry(session: Session, job_id: str, *, from_checkpoint: bool) -> Job:
    """Let a job that failed or was cancelled wait again, with all its losses and its time forgiven.

    Args:
        session: an open session.
        job_id: which job.
        from_checkpoint: false forgets what it has learnt and measured; the caller deletes the checkpoint.

    Raises:
        JobNotFoundError: there is no such job.
        ExternalRunError: it trains elsewhere.
        IllegalMoveError: it neither failed nor was cancelled.
    """
    job = lock(session, job_id)
    if job.external:
        raise ExternalRunError(job_id, "retry")
    now = utc_now()
    values = {"error": None, "cancel_requested_at": None, "lost_leases": 0, "retried_at": now}
    if not from_checkpoint:
        values |= _FROM_SCRATCH
    reason = "retried from its checkpoint" if from_checkpoint else "retried from scratch"
    job = move(
        session,
        job_id,
        JobState.QUEUED,
        reason=reason,
        expected={JobState.FAILED, JobState.CANCELLED},
        values={**values, **begin_to_wait(job, now)},
    )
    if not from_checkpoint:
        session.execute(delete(Metric).where(Metric.job_id == job_id))
    return job
