"""SQL about metrics: one indexed query, and columns made from its rows."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, select

from api.errors import not_found
from api.metrics.schemas import Kind
from core.tables import Job, Metric

_JOBS: Final[Table] = Job.__table__  # type: ignore[assignment]
_METRICS: Final[Table] = Metric.__table__  # type: ignore[assignment]
_STATE: Final = select(_JOBS.c.state, _JOBS.c.last_seq).where(
    _JOBS.c.id == bindparam("job_id"), _JOBS.c.project_id == bindparam("project_id")
)
_ROWS: Final = select(
    *[_METRICS.c[name] for name in ("step", "epoch", "recorded_at", "name", "value", "special", "kind")]
).where(_METRICS.c.job_id == bindparam("job_id"))
# A range of the cursor is found by its own index, a whole kind by the primary key; asking for both would
# make SQLite read the whole kind to find the few rows after the cursor.
_NEWS: Final = _ROWS.where(_METRICS.c.seq > bindparam("since"))
_WHOLE: Final = _ROWS.where(_METRICS.c.kind == bindparam("kind"))


def read_state(connection: Connection, project_id: str, job_id: str) -> tuple[str, int]:
    """The state and the cursor of a job of a project, or the 404."""
    row = connection.execute(_STATE, {"job_id": job_id, "project_id": project_id}).first()
    if row is None:
        raise not_found("job", job_id)
    return row.state, row.last_seq


def read_columns(
    connection: Connection, job_id: str, since: int, kind: Kind, names: Collection[str] | None
) -> dict[str, list[Any]]:
    """Read metrics numbered above `since` as columns ordered by step."""
    query, keys = (_NEWS, {"since": since}) if since else (_WHOLE, {"kind": kind})
    if names is not None:
        query = query.where(_METRICS.c.name.in_(sorted(names)))
    result = connection.execute(query, {"job_id": job_id, **keys})
    assert result.cursor is not None
    # As the driver gives them: no type needs converting, and SQLAlchemy's rows would cost more than the query.
    rows = result.cursor.fetchall()
    result.close()
    return _pivot(rows, kind)


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
