"""What is known of the attempts at a job."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.tables import Attempt, Job


def read_attempts(session: Session, job_id: str) -> Sequence[Attempt]:
    """All attempts at a job, the first one first."""
    return session.scalars(select(Attempt).where(Attempt.job_id == job_id).order_by(Attempt.number)).all()


def spent_seconds(session: Session, job: Job) -> float:
    """How long the attempts that have ended since the last retry took together."""
    return sum(
        max((attempt.ended_at - attempt.started_at).total_seconds(), 0.0)  # the clock may have been set back
        for attempt in read_attempts(session, job.id)
        if attempt.ended_at is not None and (job.retried_at is None or attempt.started_at >= job.retried_at)
    )
