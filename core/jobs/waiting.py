"""The jobs that wait for a worker, in the order in which they will be taken."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, not_, or_, select

from core.jobs.states import JobState
from core.tables import Job

ORDER: Final = (Job.turn_at, Job.id)
"""The earliest turn first; among equals the oldest, since identifiers sort by time."""

MAX_PRIORITY: Final = 100

_POINT: Final = timedelta(minutes=1)


def begin_to_wait(job: Job, now: datetime) -> dict[str, Any]:
    """Columns of a job that begins to wait now; one that merely lost its worker keeps its turn.

    A point of priority is worth a minute of waiting. As all jobs grow older alike, their order never changes
    while they wait, and it needs no clock: it is that of the time they began, put forward by their priority.
    """
    timeout = job.queue_timeout_seconds
    return {
        "turn_at": now - _POINT * (job.priority or 0),
        "queue_expires_at": None if timeout is None else now + timedelta(seconds=timeout),
    }


def reprioritize(job: Job, priority: int) -> None:
    """Give a job another priority; what it has waited counts on.

    Args:
        job: locked.
        priority: higher goes first.
    """
    if job.turn_at is not None:
        job.turn_at -= _POINT * (priority - job.priority)
    job.priority = priority


def waiting_ids(connection: Connection, limit: int = 100) -> Sequence[str]:
    """The next jobs to be taken."""
    statement = select(Job.id).where(Job.state == JobState.QUEUED).order_by(*ORDER).limit(limit)
    return connection.scalars(statement).all()


def find_positions(connection: Connection, turns: Collection[tuple[datetime, str]]) -> dict[str, int]:
    """How many jobs will be taken up to and with each of some that wait.

    Args:
        connection: an open connection.
        turns: `turn_at` and identifier of each.

    Returns:
        The places by identifier; those that wait no more are missing.
    """
    if not turns:
        return {}
    first, last = min(turns), max(turns)
    is_queued = Job.state == JobState.QUEUED
    goes_before = or_(Job.turn_at < first[0], and_(Job.turn_at == first[0], Job.id < first[1]))
    # What goes before all of them is only counted, and what comes behind them is not looked at.
    before = select(func.count(Job.id)).where(is_queued, Job.turn_at <= first[0], goes_before)
    among = select(Job.id).where(is_queued, Job.turn_at.between(first[0], last[0]), not_(goes_before))
    number = connection.execute(before).scalar_one()
    wanted = {job_id for _, job_id in turns}
    places = enumerate(connection.scalars(among.order_by(*ORDER)), number + 1)
    return {job_id: place for place, job_id in places if job_id in wanted}
