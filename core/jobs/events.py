"""The events of a job: changes of state (written by `core.jobs.transitions`) and lines of its log."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs import cursor
from core.tables import Event

Kind = Literal["state", "log"]


def append_log(session: Session, job_id: str, lines: Sequence[str], attempt: int) -> None:
    """Add lines to the log of a job.

    Args:
        session: an open session.
        job_id: whose log.
        lines: without their line ends.
        attempt: the attempt of the worker that writes.

    Raises:
        StaleAttemptError: the job is at another attempt.
        JobNotFoundError: there is no such job.
    """
    if not lines:
        return
    first_seq = cursor.reserve(session, job_id, len(lines), attempt)
    line = {"job_id": job_id, "kind": "log", "attempt": attempt, "created_at": utc_now()}
    rows = [{**line, "seq": seq, "data": {"line": text}} for seq, text in enumerate(lines, first_seq)]
    session.execute(insert(Event), rows)


def read_since(
    session: Session, job_id: str, since: int = 0, *, kind: Kind | None = None, limit: int | None = None
) -> Sequence[Event]:
    """Read the events numbered above `since`, in order.

    Args:
        session: an open session.
        job_id: whose events.
        since: a number of the cursor; 0 reads from the start.
        kind: only changes of state, or only the log.
        limit: at most so many.
    """
    statement = select(Event).where(Event.job_id == job_id, Event.seq > since)
    if kind is not None:
        statement = statement.where(Event.kind == kind)
    return session.scalars(statement.order_by(Event.seq).limit(limit)).all()
