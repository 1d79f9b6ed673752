"""The only writer of `Job.state`: every change is compared and set, and told in an event."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.errors import IllegalMoveError, JobNotFoundError, StaleAttemptError
from core.jobs.states import LEASED, TERMINAL, JobState, sources_of
from core.jobs.waiting import begin_to_wait
from core.tables import Attempt, Event, Job


def create(session: Session, job: Job) -> Job:
    """Add a new job: queued, or running at once where it trains elsewhere.

    Args:
        session: an open session.
        job: a job without a state, not yet added.
    """
    now = utc_now()
    if job.external:
        job.state, job.started_at = JobState.RUNNING, now
    else:
        job.state, job.queued_at = JobState.QUEUED, now
        for column, value in begin_to_wait(job, now).items():
            setattr(job, column, value)
    job.attempt, job.last_seq = 0, 1
    session.add(job)
    session.flush()
    session.add(_state_event(job, reason=None))
    session.flush()
    return job


def lock(session: Session, job_id: str) -> Job:
    """Fetch a job whose state nobody else changes until the transaction ends.

    Raises:
        JobNotFoundError: there is no such job.
    """
    statement = select(Job).where(Job.id == job_id).with_for_update()
    job = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def move(
    session: Session,
    job_id: str,
    to: JobState,
    *,
    attempt: int | None = None,
    reason: str | None = None,
    expected: Collection[JobState] | None = None,
    error: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Job:
    """Change the state of a job in one compare-and-set statement, and write what tells of it.

    That is an event, and the end of the attempt that ends with the move.

    Args:
        session: an open session.
        job_id: which job.
        to: the new state.
        attempt: the attempt of the worker that asks; none for others.
        reason: told in the event.
        expected: states the job must be in, where that is narrower than the allowed moves.
        error: what went wrong: type, title, detail and perhaps traceback.
        values: other columns to set in the same statement.

    Returns:
        The job as it is now.

    Raises:
        JobNotFoundError: there is no such job.
        StaleAttemptError: the job is at another attempt.
        IllegalMoveError: the job is in a state from which it may not move there.
    """
    sources = sources_of(to) if expected is None else sources_of(to) & frozenset(expected)
    now = utc_now()
    changes: dict[str, Any] = {"state": to, "last_seq": Job.last_seq + 1, **_consequences(to, now)}
    if error is not None:
        changes["error"] = dict(error)
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_(sorted(sources)))
        .values(**{**changes, **(values or {})})
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if attempt is not None:
        statement = statement.where(Job.attempt == attempt)
    job = session.scalars(statement).one_or_none()
    if job is None:
        raise _refusal(session, job_id, to, attempt, sources)
    _end_attempt(session, job, reason, now)
    session.add(_state_event(job, reason))
    session.flush()
    return job


def _consequences(to: JobState, now: datetime) -> dict[str, Any]:
    """Columns that follow from the new state."""
    changes: dict[str, Any] = {}
    if to not in LEASED:
        changes |= {"lease_expires_at": None, "token_sha256": None}
    if to == JobState.QUEUED:
        changes |= {"queued_at": now, "finished_at": None, "worker": None}
    elif to == JobState.STARTING:
        changes["queue_expires_at"] = None
    elif to == JobState.RUNNING:
        changes["started_at"] = func.coalesce(Job.started_at, now)
    elif to == JobState.PAUSED:
        changes["worker"] = None
    elif to in TERMINAL:
        changes["finished_at"] = now
    return changes


def _end_attempt(session: Session, job: Job, reason: str | None, now: datetime) -> None:
    if job.state not in LEASED:
        under_way = (Attempt.job_id == job.id, Attempt.number == job.attempt, Attempt.ended_at.is_(None))
        ended = {"ended_at": now, "outcome": job.state, "reason": reason}
        session.execute(update(Attempt).where(*under_way).values(ended))


def _state_event(job: Job, reason: str | None) -> Event:
    data = {"state": job.state, "attempt": job.attempt, "reason": reason, "error": job.error}
    return Event(job_id=job.id, seq=job.last_seq, kind="state", data=data, attempt=job.attempt)


def _refusal(
    session: Session, job_id: str, to: JobState, attempt: int | None, sources: Collection[JobState]
) -> JobNotFoundError | StaleAttemptError | IllegalMoveError:
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        return JobNotFoundError(job_id)
    if attempt is not None and job.attempt != attempt:
        return StaleAttemptError(job_id, attempt, job.attempt, job.state)
    return IllegalMoveError(job_id, job.state, to, sources)
