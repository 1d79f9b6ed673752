"""The metrics of a job: written so that a repeat changes nothing, read from a cursor."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.jobs import cursor
from core.tables import Job, Metric

Kind = Literal["epoch", "batch"]

_KEYS_A_QUERY: Final = 500
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


def record(session: Session, job_id: str, points: Sequence[MetricPoint], attempt: int | None = None) -> int:
    """Store points, and bring the job's epoch and last metrics up to date.

    A value that is stored already is left alone; one that differs replaces the stored one under a new
    number. What changed of one point shares one number.

    Args:
        session: an open session.
        job_id: whose metrics.
        points: in the order they were measured.
        attempt: the attempt of the worker; none for a run that trains elsewhere.

    Returns:
        How many points were new or had changed.

    Raises:
        StaleAttemptError: the job is at another attempt.
        JobNotFoundError: there is no such job.
    """
    cursor.reserve(session, job_id, 0, attempt)
    changed = _changed_values(session, job_id, _merge(points))
    if not changed:
        return 0
    first_seq = cursor.reserve(session, job_id, len(changed), attempt)
    rows = [
        {**row, "seq": seq, "job_id": job_id}
        for seq, (_, rows) in enumerate(changed, first_seq)
        for row in rows
    ]
    _upsert(session, rows)
    _advance_job(session, job_id, [point for point, _ in changed if point.kind == "epoch"])
    return len(changed)


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
    return value if math.isfinite(value) else _special_name(value)


def _special_name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _merge(points: Iterable[MetricPoint]) -> list[MetricPoint]:
    """One point a step: within one call the later value of a name wins, as it would in two calls."""
    merged: dict[tuple[str, int], MetricPoint] = {}
    for point in points:
        key = point.kind, point.step
        earlier = merged.pop(key, point)
        values = {**earlier.values, **point.values}
        merged[key] = MetricPoint(point.kind, point.step, point.epoch, values, point.recorded_at)
    return list(merged.values())


def _changed_values(
    session: Session, job_id: str, points: Sequence[MetricPoint]
) -> list[tuple[MetricPoint, list[dict[str, Any]]]]:
    """The rows that the database lacks or holds with another value, by point."""
    stored = _stored_values(session, job_id, points)
    changed = []
    for point in points:
        rows = []
        for name, value in point.values.items():
            number = float(value)
            pair = (number, None) if math.isfinite(number) else (None, _special_name(number))
            if stored.get((point.kind, point.step, name)) != pair:
                row = {"kind": point.kind, "step": point.step, "name": name, "epoch": point.epoch}
                rows.append({**row, "value": pair[0], "special": pair[1], "recorded_at": point.recorded_at})
        if rows:
            changed.append((point, rows))
    return changed


def _stored_values(
    session: Session, job_id: str, points: Sequence[MetricPoint]
) -> dict[tuple[str, int, str], tuple[float | None, str | None]]:
    stored: dict[tuple[str, int, str], tuple[float | None, str | None]] = {}
    columns = Metric.kind, Metric.step, Metric.name, Metric.value, Metric.special
    for kind in ("epoch", "batch"):
        steps = [point.step for point in points if point.kind == kind]
        for start in range(0, len(steps), _KEYS_A_QUERY):
            some = steps[start : start + _KEYS_A_QUERY]
            statement = select(*columns).where(
                Metric.job_id == job_id, Metric.kind == kind, Metric.step.in_(some)
            )
            stored |= {(row[0], row[1], row[2]): (row[3], row[4]) for row in session.execute(statement)}
    return stored


def _upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    table: Table = Metric.__table__  # type: ignore[assignment]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table)
    written = {name: insert.excluded[name] for name in ("seq", "value", "special", "epoch", "recorded_at")}
    session.execute(insert.on_conflict_do_update(index_elements=table.primary_key, set_=written), rows)


def _advance_job(session: Session, job_id: str, epochs: Sequence[MetricPoint]) -> None:
    """Tell the job of the newest epoch; an older one that comes late changes nothing there."""
    if not epochs:
        return
    newest = max(epochs, key=lambda point: point.step)
    ended = newest.step + 1
    seen, last_metrics = session.execute(select(Job.epoch, Job.last_metrics).where(Job.id == job_id)).one()
    if ended < seen:
        return
    values = {name: to_json(float(value)) for name, value in newest.values.items()}
    changes = {"epoch": ended, "last_metrics": {**last_metrics, **values} if ended == seen else values}
    session.execute(update(Job).where(Job.id == job_id).values(**changes))
