"""Jobs that waited longer than they were to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.jobs.states import JobState
from core.jobs.transitions import move
from core.tables import Job

_ERROR: Final = {
    "type": "queue-timeout",
    "title": "No worker took the job in time",
    "detail": "It waited longer than its queue_timeout_seconds. Retry it when a worker is free, or clone it "
    "with a higher priority or a longer wait.",
}


def has_expired_jobs(session: Session, now: datetime) -> bool:
    """Whether a job still waits whose `queue_timeout_seconds` are over."""
    return session.scalars(_expired(now).limit(1)).first() is not None


def fail_expired(session: Session, now: datetime) -> Sequence[str]:
    """Fail these jobs. Returns them."""
    expired = session.scalars(_expired(now).with_for_update(skip_locked=True)).all()
    for job_id in expired:
        waiting = {JobState.QUEUED}
        move(session, job_id, JobState.FAILED, reason=_ERROR["title"], error=_ERROR, expected=waiting)
    return expired


def _expired(now: datetime) -> Select[str]:
    return select(Job.id).where(Job.state == JobState.QUEUED, Job.queue_expires_at < now)
