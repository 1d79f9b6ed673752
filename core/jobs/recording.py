"""The writing of metrics, so that a repeat changes nothing: four statements a call, and no objects made of rows."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Insert, Select, Table, Text, bindparam, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.jobs.metrics import MetricPoint, name_special, to_json
from core.tables import Job, Metric

_ARRAY_ROWS: Final = 16
"""From so many rows on, PostgreSQL gets them as arrays in one statement."""

JOBS: Final[Table] = Job.__table__  # type: ignore[assignment]
METRICS: Final[Table] = Metric.__table__  # type: ignore[assignment]
_ROW: Final = tuple(METRICS.columns.keys())
_WRITTEN: Final = ("seq", "value", "special", "epoch", "recorded_at")
_STANDING: Final = ("id", "project_id", "state", "external", "attempt", "last_seq", "epoch", "last_metrics")
_LOCK: Final = (
    select(*[JOBS.c[name] for name in _STANDING]).where(JOBS.c.id == bindparam("job_id")).with_for_update()
)
_STORED: Final = select(METRICS.c.step, METRICS.c.name, METRICS.c.value, METRICS.c.special).where(
    METRICS.c.job_id == bindparam("job_id"), METRICS.c.kind == bindparam("kind")
)
_ADVANCE: Final = update(JOBS).where(JOBS.c.id == bindparam("job_id")).values(last_seq=bindparam("seq"))
_ADVANCE_EPOCH: Final = _ADVANCE.values(epoch=bindparam("ended"), last_metrics=bindparam("newest"))

_Change = tuple[MetricPoint, list[tuple[str, float | None, str | None]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A job as a report finds it; nobody else changes it until the transaction ends."""

    job_id: str
    project_id: str
    state: str
    external: bool
    attempt: int
    last_seq: int
    epoch: int
    last_metrics: dict[str, Any]


def lock(connection: Connection, job_id: str) -> Standing:
    """Find how a job stands, and lock its row, so that numbers of its cursor become visible in order.

    Raises:
        JobNotFoundError: there is no such job.
    """
    row = connection.execute(_LOCK, {"job_id": job_id}).one_or_none()
    if row is None:
        raise JobNotFoundError(job_id)
    return Standing(*row)


def record(
    connection: Connection, job: Standing, points: Sequence[MetricPoint], attempt: int | None = None
) -> int:
    """Store points, and bring the job's epoch and last metrics up to date.

    A value that is stored already is left alone; one that differs replaces the stored one under a new
    number. What changed of one point shares one number.

    Args:
        connection: in the transaction in which the job was locked.
        job: whose metrics.
        points: in the order they were measured.
        attempt: the attempt of the worker; none for a run that trains elsewhere.

    Returns:
        How many points were new or had changed.

    Raises:
        StaleAttemptError: the job is at another attempt.
    """
    if attempt is not None and attempt != job.attempt:
        raise StaleAttemptError(job.job_id, attempt, job.attempt, job.state)
    changed = _find_changed(connection, job, _merge(points))
    if not changed:
        return 0
    _upsert(connection, job, changed)
    _advance(connection, job, changed)
    return len(changed)


def _merge(points: Sequence[MetricPoint]) -> Sequence[MetricPoint]:
    """One point a step: within one call the later value of a name wins, as it would in two calls."""
    if len(points) == 1:
        return points
    merged: dict[tuple[str, int], MetricPoint] = {}
    for point in points:
        key = point.kind, point.step
        earlier = merged.pop(key, None)
        if earlier is not None:
            values = {**earlier.values, **point.values}
            point = MetricPoint(point.kind, point.step, point.epoch, values, point.recorded_at)
        merged[key] = point
    return list(merged.values())


def _find_changed(connection: Connection, job: Standing, points: Iterable[MetricPoint]) -> list[_Change]:
    """The values that the database lacks or holds otherwise, by point."""
    # Nothing is stored of epochs that the job has not come to.
    told = [point for point in points if point.kind != "epoch" or point.step < job.epoch]
    stored = _find_stored(connection, job.job_id, told)
    changed = []
    for point in points:
        values = []
        for name, value in point.values.items():
            number = float(value)
            pair = (number, None) if math.isfinite(number) else (None, name_special(number))
            if stored.get((point.kind, point.step, name)) != pair:
                values.append((name, *pair))
        if values:
            changed.append((point, values))
    return changed


def _find_stored(
    connection: Connection, job_id: str, points: Iterable[MetricPoint]
) -> dict[tuple[str, int, str], tuple[float | None, str | None]]:
    steps: dict[str, list[int]] = {}
    for point in points:
        steps.setdefault(point.kind, []).append(point.step)
    stored: dict[tuple[str, int, str], tuple[float | None, str | None]] = {}
    is_sqlite = connection.dialect.name == "sqlite"
    for kind, of_kind in steps.items():
        # One parameter however many steps there are, so that the statement stays the same.
        keys = {"job_id": job_id, "kind": kind, "steps": json.dumps(of_kind) if is_sqlite else of_kind}
        for step, name, value, special in connection.execute(_find_steps(is_sqlite), keys):
            stored[kind, step, name] = value, special
    return stored


@lru_cache
def _find_steps(is_sqlite: bool) -> Select[Any]:
    if is_sqlite:
        wanted = func.json_each(bindparam("steps", type_=Text)).table_valued("value")
        return _STORED.where(METRICS.c.step.in_(select(wanted.c.value)))
    steps: Any = bindparam("steps", type_=postgresql.ARRAY(METRICS.c.step.type, dimensions=1))
    wanted = func.unnest(steps).table_valued("step").render_derived()
    # OFFSET makes PostgreSQL look each step up in the index; it would compare all that a new job has with all steps.
    found = _STORED.where(METRICS.c.step == wanted.c.step).offset(0).lateral()
    return select(*found.c).select_from(wanted.join(found, true()))


def _upsert(connection: Connection, job: Standing, changed: Sequence[_Change]) -> None:
    rows = [
        (job.job_id, point.kind, point.step, name, seq, value, special, point.epoch, point.recorded_at)
        for seq, (point, values) in enumerate(changed, job.last_seq + 1)
        for name, value, special in values
    ]
    if connection.dialect.name == "sqlite":
        # By the driver itself, since SQLAlchemy would go through each value of each row.
        connection.exec_driver_sql(_write_upsert(connection.dialect), rows)
    elif len(rows) < _ARRAY_ROWS:
        connection.execute(_make_upsert(postgresql.insert), [dict(zip(_ROW, row)) for row in rows])
    else:
        connection.execute(_make_array_upsert(), dict(zip(_ROW, map(list, zip(*rows)))))


@lru_cache
def _write_upsert(dialect: Dialect) -> str:
    return str(_make_upsert(sqlite.insert).compile(dialect=dialect, column_keys=_ROW))


@lru_cache
def _make_upsert(make_insert: Any) -> Insert:
    return replacing(make_insert(METRICS))


@lru_cache
def _make_array_upsert() -> Insert:
    """All rows in one statement: one by one, each would be a message of its own."""
    arrays = [
        bindparam(column.name, type_=postgresql.ARRAY(column.type, dimensions=1))
        for column in METRICS.columns
    ]
    rows = select(func.unnest(*arrays).table_valued(*_ROW).render_derived())
    return replacing(postgresql.insert(METRICS).from_select(_ROW, rows))


def replacing(insert: Any) -> Insert:
    """Let an insert of metrics replace those that are stored already."""
    written = {name: insert.excluded[name] for name in _WRITTEN}
    statement: Insert = insert.on_conflict_do_update(index_elements=METRICS.primary_key, set_=written)
    return statement


def _advance(connection: Connection, job: Standing, changed: Sequence[_Change]) -> None:
    """Move the cursor, and tell the job of the newest epoch; an older one that comes late changes nothing there."""
    keys = {"job_id": job.job_id, "seq": job.last_seq + len(changed)}
    epochs = [point for point, _ in changed if point.kind == "epoch"]
    newest = max(epochs, key=lambda point: point.step, default=None)
    if newest is None or newest.step + 1 < job.epoch:
        connection.execute(_ADVANCE, keys)
        return
    values = {name: to_json(float(value)) for name, value in newest.values.items()}
    if newest.step + 1 == job.epoch:
        values = {**job.last_metrics, **values}
    connection.execute(_ADVANCE_EPOCH, {**keys, "ended": newest.step + 1, "newest": values})
