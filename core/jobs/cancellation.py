"""Cancelling a job."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.errors import JobNotFoundError
from core.jobs.states import LEASED, TERMINAL, JobState
from core.jobs.transitions import move
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
    # The lock keeps the state from changing between the look and the act.
    statement = select(Job).where(Job.id == job_id).with_for_update()
    job = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if job is None:
        raise JobNotFoundError(job_id)
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
