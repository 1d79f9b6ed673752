"""The cursor of a job: one rising number over its events and metrics."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.tables import Job


def reserve(session: Session, job_id: str, count: int, attempt: int | None = None) -> int:
    """Take the next numbers of a job's cursor, and turn away writers of an older attempt.

    The row of the job stays locked until the transaction ends, so that numbers become visible in order:
    who has read up to a number misses nothing before it.

    Args:
        session: an open session.
        job_id: whose cursor.
        count: how many numbers; 0 only locks and checks.
        attempt: the writer's attempt; none for writers that are no worker.

    Returns:
        The first of the numbers.

    Raises:
        StaleAttemptError: the job is at another attempt.
        JobNotFoundError: there is no such job.
    """
    statement = update(Job).where(Job.id == job_id).values(last_seq=Job.last_seq + count)
    if attempt is not None:
        statement = statement.where(Job.attempt == attempt)
    statement = statement.returning(Job.last_seq).execution_options(synchronize_session=False)
    last_seq = session.execute(statement).scalar_one_or_none()
    if last_seq is None:
        raise refusal(session, job_id, attempt)
    return last_seq - count + 1


def refusal(session: Session, job_id: str, attempt: int | None) -> JobNotFoundError | StaleAttemptError:
    """Why a write that is fenced by an attempt found no row."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or attempt is None:
        return JobNotFoundError(job_id)
    return StaleAttemptError(job_id, attempt, job.attempt, job.state)
