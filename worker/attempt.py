"""What the worker writes about one attempt at a job; every write carries the attempt's number."""

import time
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, select

from core.access.job_tokens import replace_token
from core.database import session_scope
from core.jobs import attempts, lease, transitions
from core.jobs.states import LEASED, JobState
from core.settings import Settings
from core.tables import Job

SHUTDOWN_REASON: Final = "the worker shut down"


@dataclass(frozen=True)
class Standing:
    """How a job stands, as seen by the worker that trains it."""

    is_ours: bool
    cancel_requested: bool
    pause_requested: bool
    time_is_over: bool


@dataclass(frozen=True)
class Attempt:
    """One attempt at a job.

    Args:
        db_engine: the database.
        job_id, number: the job and the attempt.
        lost_leases: attempts lost before this one.
        max_attempts: the loss of this number fails the job.
        spent_seconds: how long earlier attempts took together.
        token: lets the run report, until the attempt ends.
        began: when it was claimed, by a clock that nobody sets.
    """

    db_engine: Engine
    job_id: str
    number: int
    lost_leases: int
    max_attempts: int
    spent_seconds: float
    token: str = field(repr=False)
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def claim_next(cls, db_engine: Engine, worker: str, settings: Settings) -> "Attempt | None":
        """Take the job whose turn it is; none where none waits."""
        with session_scope(db_engine) as session:
            job = lease.claim_next(session, worker, settings.lease_seconds)
            if job is None:
                return None
            return cls(
                db_engine=db_engine,
                job_id=job.id,
                number=job.attempt,
                lost_leases=job.lost_leases,
                max_attempts=job.max_attempts or settings.max_attempts,
                spent_seconds=attempts.spent_seconds(session, job),
                token=replace_token(job),
            )

    @property
    def is_last(self) -> bool:
        """Whether the job fails when this attempt is lost."""
        return self.lost_leases + 1 >= self.max_attempts

    def look(self) -> Standing:
        """Read how the job stands, without taking the write lock."""
        with session_scope(self.db_engine, read_only=True) as session:
            row = session.execute(
                select(Job.state, Job.cancel_requested_at, Job.time_limit_seconds).where(
                    Job.id == self.job_id, Job.attempt == self.number
                )
            ).one_or_none()
        if row is None or row.state not in LEASED:
            return Standing(False, False, False, False)
        limit = row.time_limit_seconds
        spent_seconds = self.spent_seconds + time.monotonic() - self.began
        is_over = limit is not None and spent_seconds > limit
        is_pausing = row.state == JobState.PAUSING
        return Standing(True, row.cancel_requested_at is not None, is_pausing, is_over)

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
        """As `give_back`, and counted as a loss; not for the last one, which fails the job."""
        with session_scope(self.db_engine) as session:
            job = lease.release(session, self.job_id, self.number, reason)
            job.lost_leases = self.lost_leases + 1

    def is_open(self) -> bool:
        """Whether the job is still under way in this attempt."""
        return self.look().is_ours

    def _move(self, to: JobState, reason: str, error: dict[str, Any] | None = None) -> None:
        with session_scope(self.db_engine) as session:
            transitions.move(session, self.job_id, to, attempt=self.number, reason=reason, error=error)
