"""What the worker writes about one attempt at a job; every write carries the attempt's number."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core.database import session_scope, utc_now
from core.jobs import lease, transitions
from core.jobs.states import LEASED, JobState
from core.tables import Job


@dataclass(frozen=True)
class Standing:
    """How a job stands, as seen by the worker that trains it."""

    is_ours: bool
    cancel_requested: bool
    time_is_over: bool


@dataclass(frozen=True)
class Attempt:
    """One attempt at a job.

    Args:
        db_engine: the database.
        job_id, number: the job and the attempt.
        epoch: epochs that had ended when the attempt began.
        lost_leases: attempts lost before this one.
    """

    db_engine: Engine
    job_id: str
    number: int
    epoch: int
    lost_leases: int

    def look(self) -> Standing:
        """Read how the job stands, without taking the write lock."""
        with session_scope(self.db_engine, read_only=True) as session:
            row = session.execute(
                select(
                    Job.attempt, Job.state, Job.cancel_requested_at, Job.time_limit_seconds, Job.started_at
                ).where(Job.id == self.job_id)
            ).one_or_none()
        if row is None or row.attempt != self.number or row.state not in LEASED:
            return Standing(False, False, False)
        limit = row.time_limit_seconds
        is_over = (
            limit is not None
            and row.started_at is not None
            and utc_now() - row.started_at > timedelta(seconds=limit)
        )
        return Standing(True, row.cancel_requested_at is not None, is_over)

    def renew(self, lease_seconds: float) -> None:
        """Prolong the lease.

        Raises:
            StaleAttemptError: the job is no longer this attempt's.
        """
        with session_scope(self.db_engine) as session:
            lease.renew(session, self.job_id, self.number, lease_seconds)

    def cancel(self) -> None:
        """The run was stopped on request."""
        self._move(JobState.CANCELLED, "cancelled on request")

    def fail(self, error: dict[str, Any]) -> None:
        """The run ended with an error: type, title, detail."""
        self._move(JobState.FAILED, error["title"], error)

    def give_back(self, reason: str) -> None:
        """The job waits again and goes on from its checkpoint."""
        with session_scope(self.db_engine) as session:
            lease.release(session, self.job_id, self.number, reason)

    def lose(self, reason: str) -> None:
        """As `give_back`, and counted as a loss."""
        with session_scope(self.db_engine) as session:
            job = lease.release(session, self.job_id, self.number, reason)
            job.lost_leases = self.lost_leases + 1

    def is_open(self) -> bool:
        """Whether the job is still under way in this attempt."""
        return self.look().is_ours

    def has_advanced(self) -> bool:
        """Whether an epoch has ended since the attempt began."""
        with session_scope(self.db_engine, read_only=True) as session:
            return (_epoch(session, self.job_id) or 0) > self.epoch

    def _move(self, to: JobState, reason: str, error: dict[str, Any] | None = None) -> None:
        with session_scope(self.db_engine) as session:
            transitions.move(session, self.job_id, to, attempt=self.number, reason=reason, error=error)


def _epoch(session: Session, job_id: str) -> int | None:
    return session.scalar(select(Job.epoch).where(Job.id == job_id))
