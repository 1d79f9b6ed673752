"""Cancelling a job."""

from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.states import LEASED, TERMINAL, JobState
from core.jobs.transitions import lock, move
from core.tables import Job


def request_cancel(session: Session, job_id: str) -> Job:
    """Cancel a job nobody works on at once; ask the worker of one that is under way to stop.

    A job that has ended, or was asked to stop before, stays as it is.

    Args:
        session: an open session.
        job_id: which job.

    Returns:
        The job as it is now.

    Raises:
        JobNotFoundError: there is no such job.
    """
    job = lock(session, job_id)
    if job.state in TERMINAL or job.cancel_requested_at is not None:
        return job
    if job.state in LEASED and not job.external:
        job.cancel_requested_at = utc_now()
        session.flush()
        return job
    return move(
        session,
        job_id,
        JobState.CANCELLED,
        reason="cancelled on request",
        values={"cancel_requested_at": utc_now()},
    )
