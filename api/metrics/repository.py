"""SQL about metrics: one indexed query, and columns made from its rows."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select

from api.errors import not_found
from api.metrics.schemas import Kind
from core.tables import Job, Metric

_JOBS: Final[Table] = Job.__table__  # type: ignore[assignment]
_METRICS: Final[Table] = Metric.__table__  # type: ignore[assignment]
_STANDING: Final = select(_JOBS.c.state, _JOBS.c.last_seq, _JOBS.c.retried_at).where(
    _JOBS.c.id == bindparam("job_id"), _JOBS.c.project_id == bindparam("project_id")
)
_ROWS: Final = select(
    *[_METRICS.c[name] for name in ("step", "epoch", "recorded_at", "name", "value", "special", "kind")]
).where(_METRICS.c.job_id == bindparam("job_id"))
# A range of the cursor is found by its own index, a whole kind by the primary key; asking for both would
# make SQLite read the whole kind to find the few rows after the cursor.
_NEWS: Final = _ROWS.where(_METRICS.c.seq > bindparam("since"))
_WHOLE: Final = _ROWS.where(_METRICS.c.kind == bindparam("kind"))


class Standing(NamedTuple):
    """What of a job goes with its metrics."""

    state: str
    cursor: int
    retried_at: datetime | None


def read_standing(connection: Connection, project_id: str, job_id: str) -> Standing:
    """The standing of a job of a project, or the 404."""
    row = connection.execute(_STANDING, {"job_id": job_id, "project_id": project_id}).first()
    if row is None:
        raise not_found("job", job_id)
    return Standing(*row)


class Points(NamedTuple):
    """Points ordered by step, in columns; null where one has no value of a name."""

    steps: list[int]
    epochs: list[int | None]
    recorded_at: list[float]
    values: dict[str, list[float | str | None]]

    def to_columns(self) -> dict[str, list[Any]]:
        """The columns by their names."""
        return {"step": self.steps, "epoch": self.epochs, "recorded_at": self.recorded_at, **self.values}


def read_points(
    connection: Connection, job_id: str, since: int, kind: Kind, names: Collection[str] | None
) -> Points:
    """Read metrics numbered above `since`."""
    query, keys = (_NEWS, {"since": since}) if since else (_WHOLE, {"kind": kind})
    if names is not None:
        query = query.where(_METRICS.c.name.in_(sorted(names)))
    result = connection.execute(query, {"job_id": job_id, **keys})
    assert result.cursor is not None
    # As the driver gives them: no type needs converting, and SQLAlchemy's rows would cost more than the query.
    rows = result.cursor.fetchall()
    result.close()
    return _pivot(rows, kind)


def _pivot(rows: Iterable[Any], kind: Kind) -> Points:
    stamps: dict[int, tuple[int | None, float]] = {}
    by_name: dict[str, dict[int, float | str | None]] = {}
    for step, epoch, recorded_at, name, value, special, row_kind in rows:
        if row_kind == kind:
            stamps[step] = (epoch, recorded_at)
            by_name.setdefault(name, {})[step] = special if value is None else value
    steps = sorted(stamps)
    return Points(
        steps,
        [stamps[step][0] for step in steps],
        [stamps[step][1] for step in steps],
        {name: [values.get(step) for step in steps] for name, values in by_name.items()},
    )
