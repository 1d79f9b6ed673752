"""The next epoch of a run, which is what comes most often: on PostgreSQL one statement, check and commit included.

`core.jobs.recording` takes several, each a round trip, and takes whatever is refused here.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from core.jobs.metrics import MetricPoint, name_special, to_json
from core.jobs.recording import JOBS, METRICS, replacing
from core.jobs.states import TERMINAL

_VALUES: Final = {"names": METRICS.c.name, "numbers": METRICS.c.value, "specials": METRICS.c.special}


def record_next_epoch(
    connection: Connection,
    project_id: str,
    job_id: str,
    points: Sequence[MetricPoint],
    attempt: int | None,
) -> bool:
    """Store an epoch that is ahead of all others, of an open job.

    Args:
        connection: in a transaction, or one that commits each statement.
        project_id: that the job must belong to.
        job_id: whose epoch.
        points: the epoch, and no other.
        attempt: which the job must be at; none for a run that trains elsewhere, which the job must be.

    Returns:
        Whether it was stored; if not, nothing has changed, and `recording` is to find out what to do.
    """
    if connection.dialect.name != "postgresql" or len(points) != 1:
        return False
    (point,) = points
    if point.kind != "epoch" or not point.values:
        return False
    numbers = [float(value) for value in point.values.values()]
    parameters = {
        "of_job": job_id,
        "of_project": project_id,
        "of_attempt": attempt,
        "of_step": point.step,
        "ended": point.step + 1,
        "newest": json.dumps(dict(zip(point.values, map(to_json, numbers)))),
        "names": list(point.values),
        "numbers": [number if math.isfinite(number) else None for number in numbers],
        "specials": [None if math.isfinite(number) else name_special(number) for number in numbers],
        "in_epoch": point.epoch,
        "at": point.recorded_at,
    }
    # By the driver itself, which takes half the time of SQLAlchemy's own statement.
    return connection.exec_driver_sql(_write(connection.dialect), parameters).first() is not None


@lru_cache
def _write(dialect: Dialect) -> str:
    return str(_make().compile(dialect=dialect))


def _make() -> Select[Any]:
    step: Any = bindparam("of_step", type_=BigInteger)
    attempt: Any = bindparam("of_attempt", type_=Integer)
    moved = (
        update(JOBS)
        .where(
            JOBS.c.id == bindparam("of_job"),
            JOBS.c.project_id == bindparam("of_project"),
            JOBS.c.state.not_in([literal_column(f"'{state}'") for state in sorted(TERMINAL)]),
            JOBS.c.epoch <= step,
            or_(JOBS.c.attempt == attempt, and_(attempt.is_(None), JOBS.c.external)),
        )
        .values(
            last_seq=JOBS.c.last_seq + literal_column("1"),
            epoch=bindparam("ended"),
            last_metrics=bindparam("newest"),
        )
        .returning(JOBS.c.id, JOBS.c.last_seq)
        .cte("moved")
    )
    arrays = [
        bindparam(name, type_=postgresql.ARRAY(column.type, dimensions=1)) for name, column in _VALUES.items()
    ]
    values = func.unnest(*arrays).table_valued(*_VALUES).render_derived()
    rows = select(
        moved.c.id,
        literal_column("'epoch'"),
        step,
        values.c.names,
        moved.c.last_seq,
        values.c.numbers,
        values.c.specials,
        bindparam("in_epoch", type_=Integer),
        bindparam("at", type_=METRICS.c.recorded_at.type),
    ).select_from(moved.join(values, true()))
    stored = replacing(postgresql.insert(METRICS).from_select(METRICS.columns.keys(), rows))
    return select(moved.c.last_seq).add_cte(stored.cte("stored"))
