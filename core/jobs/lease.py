"""Leases: which worker holds a job, until when, and what becomes of a job whose worker fell silent."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.cursor import refusal
from core.jobs.states import LEASED, JobState
from core.jobs.transitions import lock, move
from core.jobs.waiting import ORDER
from core.tables import Attempt, Job

_LEASED: Final = sorted(LEASED)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a worker hears when it renews its lease."""

    cancel_requested: bool
    pause_requested: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker holds; renewing it changes it."""

    attempt: int
    expires_at: datetime | None


def claim(session: Session, job_id: str, worker: str, lease_seconds: float) -> Job | None:
    """Take one waiting job as its next attempt.

    Args:
        session: an open session.
        job_id: which job.
        worker: the identifier of the worker.
        lease_seconds: how long the job stays this worker's without a heartbeat.

    Returns:
        The job, now starting; or none where it does not wait, or another worker takes it at this moment.
    """
    return _claim_first(session, worker, lease_seconds, Job.id == job_id)


def claim_next(session: Session, worker: str, lease_seconds: float) -> Job | None:
    """Take the waiting job whose turn it is; none where none waits. Arguments as of `claim`."""
    return _claim_first(session, worker, lease_seconds)


def renew(session: Session, job_id: str, attempt: int, lease_seconds: float) -> Heartbeat:
    """Prolong the lease from now on, and hear what is wanted of the run.

    Args:
        session: an open session.
        job_id: which job.
        attempt: the worker's attempt.
        lease_seconds: from now.

    Raises:
        StaleAttemptError: the job is at another attempt, or no longer under way; the run must stop.
        JobNotFoundError: there is no such job.
    """
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.attempt == attempt, Job.state.in_(_LEASED))
        .values(lease_expires_at=utc_now() + timedelta(seconds=lease_seconds))
        .returning(Job.cancel_requested_at, Job.state)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise refusal(session, job_id, attempt)
    return Heartbeat(cancel_requested=row[0] is not None, pause_requested=row[1] == JobState.PAUSING)


def release(session: Session, job_id: str, attempt: int, reason: str) -> Job:
    """Give a job back unfinished, as a worker does that shuts down.

    It waits again; a job that was to be cancelled or paused is that now.

    Args:
        session: an open session.
        job_id: which job.
        attempt: the worker's attempt.
        reason: told in the event.

    Raises:
        StaleAttemptError: the job is at another attempt.
        IllegalMoveError: the job is not under way.
        JobNotFoundError: there is no such job.
    """
    to = _state_without_worker(lock(session, job_id))
    return move(session, job_id, to, attempt=attempt, reason=reason, expected=LEASED)


def find_overdue(session: Session, now: datetime, lease_seconds: float) -> dict[str, Lease]:
    """The leases that have run out, and those that end later than any can that was renewed by this clock.

    Clocks are set, and differ between machines: `core.jobs.silence` tells whether their workers are gone.

    Args:
        session: an open session.
        now: the present moment.
        lease_seconds: how long a lease is.

    Returns:
        Leases by job.
    """
    latest = now + timedelta(seconds=lease_seconds)
    ends_wrongly = or_(Job.lease_expires_at < now, Job.lease_expires_at > latest)
    statement = select(Job.id, Job.attempt, Job.lease_expires_at).where(Job.state.in_(_LEASED), ends_wrongly)
    return {job_id: Lease(attempt, moment) for job_id, attempt, moment in session.execute(statement)}


def sweep(session: Session, lost: Mapping[str, Lease], max_attempts: int = 5) -> list[str]:
    """Take jobs from workers that are gone: they wait again, and fail after too many losses.

    Args:
        session: an open session.
        lost: the leases of these workers, by job; one that was renewed or taken meanwhile is left alone.
        max_attempts: the loss of this number makes a job fail that names no number itself.

    Returns:
        The jobs that wait again, to be rung.
    """
    held = (
        select(Job)
        .where(Job.state.in_(_LEASED), Job.id.in_(lost))
        .order_by(*ORDER)
        .with_for_update(skip_locked=True)
    )
    jobs = session.scalars(held, execution_options={"populate_existing": True}).all()
    unchanged = [job for job in jobs if (job.attempt, job.lease_expires_at) == astuple(lost[job.id])]
    swept = [_take_away(session, job, max_attempts) for job in unchanged]
    return [job.id for job in swept if job.state == JobState.QUEUED]


def _claim_first(
    session: Session, worker: str, lease_seconds: float, *wanted: ColumnElement[bool]
) -> Job | None:
    # Passing over rows that another worker has locked keeps workers from queueing up behind one another;
    # SQLite has no such locks and needs none, since only one transaction writes at a time.
    in_time = or_(Job.queue_expires_at.is_(None), Job.queue_expires_at > utc_now())
    statement = (
        select(Job.id)
        .where(Job.state == JobState.QUEUED, in_time, *wanted)
        .order_by(*ORDER)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job_id = session.execute(statement).scalar_one_or_none()
    if job_id is None:
        return None
    now = utc_now()
    values = {
        "attempt": Job.attempt + 1,
        "worker": worker,
        "lease_expires_at": now + timedelta(seconds=lease_seconds),
    }
    job = move(session, job_id, JobState.STARTING, expected={JobState.QUEUED}, values=values)
    session.add(Attempt(job_id=job_id, number=job.attempt, worker=worker, started_at=now))
    session.flush()
    return job


def _take_away(session: Session, job: Job, max_attempts: int) -> Job:
    lost_leases = job.lost_leases + 1
    to = _state_without_worker(job)
    error: dict[str, Any] | None = None
    if lost_leases >= (job.max_attempts or max_attempts) and to != JobState.CANCELLED:
        to = JobState.FAILED
        error = {
            "type": "worker-lost",
            "title": "The worker was lost too often",
            "detail": f"The worker fell silent in {lost_leases} attempts, the last time as {job.worker}. "
            "Runs that take more memory than the machine has end like this.",
        }
    return move(
        session,
        job.id,
        to,
        attempt=job.attempt,
        reason=f"the lease of {job.worker} ran out",
        error=error,
        values={"lost_leases": lost_leases},
    )


def _state_without_worker(job: Job) -> JobState:
    """Where a job goes that is under way and loses its worker."""
    if job.cancel_requested_at is not None:
        return JobState.CANCELLED
    return JobState.PAUSED if job.state == JobState.PAUSING else JobState.QUEUED
