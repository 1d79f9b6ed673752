"""SQL about jobs that are shown: rows without objects, whose JSON goes out as the database holds it."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Select,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from api.errors import not_found
from api.jobs.views import JobView
from api.pagination import PageRequest
from core.jobs.states import JobState
from core.jobs.waiting import find_positions
from core.tables import Attempt, Job, JobTag, Metric
from core.tables.metrics import LOSS_OF_EPOCH

Columns = dict[str, Any]
"""Of one row, by name."""

_PAST_ALL_IDS: Final = "~"


class _EncodedJson(TypeDecorator[Any]):
    """JSON that is neither decoded nor encoded again."""

    impl = Text
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], orjson.Fragment | None]:
        return _wrap


def _wrap(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)


_JOBS: Final[Table] = Job.__table__  # type: ignore[assignment]
_TAGS: Final[Table] = JobTag.__table__  # type: ignore[assignment]
_METRICS: Final[Table] = Metric.__table__  # type: ignore[assignment]
_ATTEMPTS: Final[Table] = Attempt.__table__  # type: ignore[assignment]
_SHOWN: Final = [
    cast(column, _EncodedJson()).label(column.name) if isinstance(column.type, JSON) else column
    for column in _JOBS.columns
    if column.name in {*JobView.model_fields, "last_metrics", "turn_at", "cancel_requested_at"}
]
_OWN: Final = _JOBS.c.project_id == bindparam("project_id")
_TAGGED: Final = select(_TAGS.c.job_id).where(
    _TAGS.c.project_id == bindparam("project_id"),
    _TAGS.c.tag == bindparam("tag"),
    _TAGS.c.job_id < bindparam("after"),
)
_TAGGED_WITH_STATE: Final = _TAGGED.join(_JOBS, _JOBS.c.id == _TAGS.c.job_id)


def _find_least(name: str) -> Select[Any]:
    least = (
        select(
            _METRICS.c.name.label("best_name"),
            _METRICS.c.value.label("best_value"),
            _METRICS.c.step.label("best_epoch"),
        )
        .where(
            _METRICS.c.job_id == bindparam("job_id"),
            LOSS_OF_EPOCH,
            _METRICS.c.name == literal_column(f"'{name}'"),
        )
        .order_by(_METRICS.c.value, _METRICS.c.step)
        .limit(literal_column("1"))
    )
    return select(least.subquery())


_LEAST: Final = union_all(_find_least("val_loss"), _find_least("loss")).subquery()
# The least validation loss, or the least loss where nothing validates.
_BEST: Final = select(_LEAST).order_by(_LEAST.c.best_name.desc()).limit(literal_column("1")).subquery()
_ONE: Final = (
    select(*_SHOWN, *_BEST.c)
    .select_from(_JOBS.outerjoin(_BEST, true()))
    .where(_JOBS.c.id == bindparam("job_id"), _OWN)
)
_ATTEMPTS_OF_ONE: Final = (
    select(*[column for column in _ATTEMPTS.columns if column.name != "job_id"])
    .where(_ATTEMPTS.c.job_id == bindparam("job_id"))
    .order_by(_ATTEMPTS.c.number)
)


def read_job(connection: Connection, project_id: str, job_id: str) -> Columns:
    """Read a job of a project with its best epoch, or raise the 404."""
    found = _read(connection, _ONE, {"job_id": job_id, "project_id": project_id})
    if not found:
        raise not_found("job", job_id)
    return found[0]


def list_jobs(
    connection: Connection,
    project_id: str,
    page: PageRequest,
    states: Collection[JobState],
    tag: str | None,
) -> tuple[list[Columns], bool]:
    """Read one page of a project's jobs, newest first; of these states and with this tag where they are given."""
    parameters = {
        "project_id": project_id,
        "after": page.after or _PAST_ALL_IDS,
        "tag": tag,
        **{f"state_{place}": state for place, state in enumerate(sorted(set(states)))},
    }
    found = _read(connection, _make_list(len(set(states)), tag is not None, page.limit + 1), parameters)
    return found[: page.limit], len(found) > page.limit


@lru_cache
def _make_list(states: int, has_tag: bool, number: int) -> Select[Any]:
    # No parameter: PostgreSQL takes an unknown limit for a tenth of all jobs, and would read them all.
    limit = literal_column(str(number), Integer)
    wanted = [_JOBS.c.state == bindparam(f"state_{place}") for place in range(states)]
    if has_tag:
        # The tag leads to them, whatever their states.
        chosen = [_TAGGED_WITH_STATE.where(or_(*wanted)) if wanted else _TAGGED]
    else:
        # The newest of each state are found by an index each; of several at once all would have to be sorted.
        query = select(_JOBS.c.id).where(_OWN, _JOBS.c.id < bindparam("after"))
        chosen = [query.where(state) for state in wanted] or [query]
    newest = [_take_newest(each, limit) for each in chosen]
    ids = newest[0] if len(newest) == 1 else union_all(*newest)
    return select(*_SHOWN).where(_JOBS.c.id.in_(ids)).order_by(_JOBS.c.id.desc()).limit(limit)


def _take_newest(query: Select[tuple[str]], limit: ColumnElement[int]) -> Select[tuple[str]]:
    (job_id,) = query.selected_columns
    return select(query.order_by(job_id.desc()).limit(limit).subquery().c[job_id.name])


def find_queue_positions(connection: Connection, jobs: Collection[Columns]) -> dict[str, int]:
    """Places of those jobs that wait in the queue, which all projects share, counted from 1."""
    turns = [
        (job["turn_at"], job["id"])
        for job in jobs
        if job["state"] == JobState.QUEUED and job["turn_at"] is not None
    ]
    return find_positions(connection, turns)


def read_attempts(connection: Connection, job: Columns) -> Sequence[Columns]:
    """All attempts at a job, the first one first."""
    return _read(connection, _ATTEMPTS_OF_ONE, {"job_id": job["id"]}) if job["attempt"] else ()


def _read(connection: Connection, statement: Select[Any], parameters: Columns) -> list[Columns]:
    result = connection.execute(statement, parameters)
    names = tuple(result.keys())
    return [dict(zip(names, row)) for row in result]
