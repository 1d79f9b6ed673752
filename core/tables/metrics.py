"""Metrics: a value of a name at an epoch or a batch of a job."""

from typing import Final

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

LOSS_OF_EPOCH: Final = text("kind = 'epoch' AND name IN ('val_loss', 'loss') AND value IS NOT NULL")
"""The rows of `ix_metrics_best`; a query finds that index if it says exactly this."""


class Metric(Base):
    """One measured value; the key leaves the attempt out, so that a repeat finds its first telling."""

    __tablename__ = "metrics"
    __table_args__ = (
        Index(None, "job_id", "seq"),
        Index(
            *("ix_metrics_best", "job_id", "name", "value", "step"),
            sqlite_where=LOSS_OF_EPOCH,
            postgresql_where=LOSS_OF_EPOCH,
        ),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    """epoch or batch."""
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float | None] = mapped_column(Float(53))
    special: Mapped[str | None] = mapped_column(String(10))
    """NaN, Infinity or -Infinity, where `value` is null."""
    epoch: Mapped[int | None]
    recorded_at: Mapped[float] = mapped_column(Float(53))
    """Seconds since 1970 in UTC."""
