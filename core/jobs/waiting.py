"""The jobs that wait for a worker, in the order in which they will be taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.jobs.states import JobState
from core.tables import Job

ORDER: Final = (Job.turn_at, Job.id)
"""The earliest turn first; among equals the oldest, since identifiers sort by time."""

MAX_PRIORITY: Final = 100

_POINT: Final = timedelta(minutes=1)


def begin_to_wait(job: Job, now: datetime) -> dict[str, Any]:
    """Columns of a job that begins to wait now; one that merely lost its worker keeps its turn.

    A point of priority is worth a minute of waiting. As all jobs grow older alike, their order never changes
    while they wait, and it needs no clock: it is that of the time they began, put forward by their priority.
    """
    timeout = job.queue_timeout_seconds
    return {
        "turn_at": now - _POINT * (job.priority or 0),
        "queue_expires_at": None if timeout is None else now + timedelta(seconds=timeout),
    }


def reprioritize(job: Job, priority: int) -> None:
    """Give a job another priority; what it has waited counts on.

    Args:
        job: locked.
        priority: higher goes first.
    """
    if job.turn_at is not None:
        job.turn_at -= _POINT * (priority - job.priority)
    job.priority = priority


def waiting_ids(session: Session, limit: int = 100) -> Sequence[str]:
    """The next jobs to be taken, for a sweeper that rings again."""
    statement = select(Job.id).where(Job.state == JobState.QUEUED).order_by(*ORDER).limit(limit)
    return session.scalars(statement).all()


def queue_position(session: Session, job: Job) -> int | None:
    """How many jobs will be taken up to and with this one, or none where it does not wait."""
    if job.state != JobState.QUEUED:
        return None
    goes_before = or_(Job.turn_at < job.turn_at, and_(Job.turn_at == job.turn_at, Job.id < job.id))
    statement = select(func.count()).select_from(Job).where(Job.state == JobState.QUEUED, goes_before)
    return session.execute(statement).scalar_one() + 1
