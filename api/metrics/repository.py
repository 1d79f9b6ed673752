"""SQL about metrics: one indexed query, and columns made from its rows."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.metrics.schemas import Kind
from core.tables import Job, Metric


def read_state(session: Session, job_id: str) -> tuple[str, int]:
    """The state and the cursor of a job, or the 404."""
    row = session.execute(select(Job.state, Job.last_seq).where(Job.id == job_id)).first()
    if row is None:
        raise not_found("job", job_id)
    return row.state, row.last_seq


def read_columns(
    session: Session, job_id: str, since: int, kind: Kind, names: Collection[str] | None
) -> dict[str, list[Any]]:
    """Read metrics numbered above `since` as columns ordered by step."""
    query = select(
        Metric.step, Metric.epoch, Metric.recorded_at, Metric.name, Metric.value, Metric.special, Metric.kind
    ).where(Metric.job_id == job_id)
    # A range of the cursor is found by its own index, a whole kind by the primary key; asking for both would
    # make SQLite read the whole kind to find the few rows after the cursor.
    query = query.where(Metric.seq > since) if since else query.where(Metric.kind == kind)
    if names is not None:
        query = query.where(Metric.name.in_(sorted(names)))
    return _pivot(session.execute(query), kind)


def _pivot(rows: Iterable[Any], kind: Kind) -> dict[str, list[Any]]:
    stamps: dict[int, tuple[int | None, float]] = {}
    by_name: dict[str, dict[int, float | str | None]] = {}
    for step, epoch, recorded_at, name, value, special, row_kind in rows:
        if row_kind == kind:
            stamps[step] = (epoch, recorded_at)
            by_name.setdefault(name, {})[step] = special if value is None else value
    steps = sorted(stamps)
    return {
        "step": steps,
        "epoch": [stamps[step][0] for step in steps],
        "recorded_at": [stamps[step][1] for step in steps],
        **{name: [values.get(step) for step in steps] for name, values in by_name.items()},
    }
