"""Jobs: one training each, and the truth about where it stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now
from core.tables.projects import DEFAULT_PROJECT_ID


class Job(Base):
    """A training, asked for, under way or ended.

    `core.jobs.transitions` alone writes `state`, and `core.jobs.cursor` and it alone write `last_seq`.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_waiting", "state", "turn_at", "id"),
        Index(None, "project_id", "id"),
        Index(None, "project_id", "state", "id"),
    )

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), server_default=DEFAULT_PROJECT_ID)
    name: Mapped[str] = mapped_column(String(200))
    model_id: Mapped[str | None] = mapped_column(ForeignKey("models.id"), index=True)
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("datasets.id"), index=True)
    external: Mapped[bool] = mapped_column(default=False)
    """True for a run that trains elsewhere and only reports here."""
    spec: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The validated request."""
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)

    state: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(default=0)
    """How often a worker claimed the job; every write of a worker carries it."""
    lost_leases: Mapped[int] = mapped_column(default=0)
    """How many attempts since the last retry lost their run or their worker."""
    max_attempts: Mapped[int | None]
    """So many losses fail the job; none: the service's setting."""
    retried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Attempts before this no longer count for the time limit."""
    cloned_from: Mapped[str | None] = mapped_column(String(30))
    priority: Mapped[int] = mapped_column(default=0)
    """Higher goes first; see `turn_at`."""
    turn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The earliest goes first: when it began to wait, put forward by its priority."""
    queue_timeout_seconds: Mapped[float | None] = mapped_column(Float)
    queue_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When a job that has not started by then fails."""
    time_limit_seconds: Mapped[float | None] = mapped_column(Float)
    """Of all attempts together."""
    checkpoint_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """When the newest checkpoint was kept; none where none is."""
    worker: Mapped[str | None] = mapped_column(String(200))
    token_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the token that lets the run report; it dies with the attempt."""
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    epoch: Mapped[int] = mapped_column(default=0)
    """Epochs that have ended."""
    epochs: Mapped[int] = mapped_column(default=0)
    """Epochs asked for."""
    last_metrics: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Values of the last epoch; NaN and the infinities as text."""
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    """The cursor: number of the newest event or metric."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """type, title, detail and perhaps traceback."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
