"""The metrics of a job, read from its cursor; `core.jobs.recording` writes them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.tables import Metric

Kind = Literal["epoch", "batch"]

_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """What was measured at one epoch or batch."""

    kind: Kind
    step: int
    """The epoch, or the batch counted over the whole run; from 0."""
    epoch: int | None
    values: Mapping[str, float]
    recorded_at: float
    """Seconds since 1970 in UTC."""


@dataclass(frozen=True, slots=True)
class RecordedPoint:
    """A point as it was stored, with its number on the job's cursor."""

    seq: int
    kind: str
    step: int
    epoch: int | None
    values: dict[str, float]
    recorded_at: float


def read_since(
    session: Session,
    job_id: str,
    since: int = 0,
    *,
    kind: Kind | None = None,
    names: Collection[str] | None = None,
    limit: int | None = None,
) -> list[RecordedPoint]:
    """Read the points numbered above `since`, in the order of their numbers.

    Args:
        session: an open session.
        job_id: whose metrics.
        since: a number of the cursor; 0 reads from the start.
        kind: only epochs or only batches.
        names: only these metrics.
        limit: at most so many points.
    """
    wanted = [Metric.job_id == job_id, Metric.seq > since]
    if kind is not None:
        wanted.append(Metric.kind == kind)
    if names is not None:
        wanted.append(Metric.name.in_(sorted(names)))
    if limit is not None:
        numbers = select(Metric.seq).where(*wanted).distinct().order_by(Metric.seq).limit(limit)
        wanted.append(Metric.seq.in_(numbers))
    columns = Metric.seq, Metric.kind, Metric.step, Metric.epoch, Metric.recorded_at
    statement = select(*columns, Metric.name, Metric.value, Metric.special).where(*wanted)
    rows = session.execute(statement.order_by(Metric.seq, Metric.name)).all()
    return [
        RecordedPoint(
            *(seq, kind, step, epoch),
            values={name: to_float(value, special) for *_, name, value, special in group},
            recorded_at=recorded_at,
        )
        for (seq, kind, step, epoch, recorded_at), group in groupby(rows, key=lambda row: tuple(row[:5]))
    ]


def to_float(value: float | None, special: str | None) -> float:
    """The number that the two columns of a metric hold."""
    return _SPECIAL[special] if special is not None else float(value)  # type: ignore[arg-type]


def to_json(value: float) -> float | str:
    """The number as JSON can hold it: NaN and the infinities as text."""
    return value if math.isfinite(value) else name_special(value)


def name_special(value: float) -> str:
    """The word for a number that is none."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
