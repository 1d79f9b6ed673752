"""The jobs that wait for a worker, in the order in which they will be taken."""

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.jobs.states import JobState
from core.tables import Job

ORDER = (Job.priority.desc(), Job.id)
"""The highest priority first; among equals the oldest, since identifiers sort by time."""


def waiting_ids(session: Session, limit: int = 100) -> Sequence[str]:
    """The next jobs to be taken, for a sweeper that rings again."""
    statement = select(Job.id).where(Job.state == JobState.QUEUED).order_by(*ORDER).limit(limit)
    return session.scalars(statement).all()


def queue_position(session: Session, job: Job) -> int | None:
    """How many jobs will be taken up to and with this one, or none where it does not wait."""
    if job.state != JobState.QUEUED:
        return None
    goes_before = or_(Job.priority > job.priority, and_(Job.priority == job.priority, Job.id < job.id))
    statement = select(func.count()).select_from(Job).where(Job.state == JobState.QUEUED, goes_before)
    return session.execute(statement).scalar_one() + 1
