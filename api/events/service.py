"""Events of a job in order: changes of state, lines of the log and metrics, on one cursor."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from anyio import move_on_after, to_thread
from sqlalchemy.orm import Session
from sse_starlette import ServerSentEvent

from api.access.authenticator import KEPT_SECONDS
from api.deps import ProjectDatabase
from api.events.news import News
from api.metrics.repository import read_standing
from api.responses import encode_json
from core.jobs import events, metrics
from core.jobs.states import TERMINAL
from core.tables import Event

_BATCH: Final = 1000
_LOG_BATCH: Final = 5000


@dataclass(frozen=True)
class Batch:
    """Events after a cursor.

    Attributes:
        cursor: number up to which everything was told. state: of the job. is_last: nothing comes after.
    """

    entries: list[dict[str, Any]]
    cursor: int
    state: str
    is_last: bool


def read_batch(database: ProjectDatabase, job_id: str, since: int, limit: int = _BATCH) -> Batch:
    """Read the next events after a cursor; one look at the job's row where there are none."""
    with database.read() as session:
        job = read_standing(session.connection(), database.project_id, job_id)
        entries = _read_entries(session, job_id, since, limit) if job.cursor > since else []
    cursor = entries[-1]["id"] if entries else since
    return Batch(entries, cursor, job.state, is_last=job.state in TERMINAL and cursor >= job.cursor)


def _read_entries(session: Session, job_id: str, since: int, limit: int) -> list[dict[str, Any]]:
    happened: list[dict[str, Any]] = [
        {"id": event.seq, "event": event.kind, "data": _describe_event(event)}
        for event in events.read_since(session, job_id, since, limit=limit)
    ]
    measured: list[dict[str, Any]] = [
        {"id": point.seq, "event": "metrics", "data": _describe_point(point)}
        for point in metrics.read_since(session, job_id, since, limit=limit)
    ]
    # Where one kind was cut off at the limit, the other must not run ahead of it.
    merged = sorted([*happened, *measured], key=lambda entry: entry["id"])
    return merged[:limit]


def _describe_event(event: Event) -> dict[str, Any]:
    # A change of state tells its time; a line of the log is short and many.
    return {**event.data, "created_at": event.created_at} if event.kind == "state" else event.data


def _describe_point(point: metrics.RecordedPoint) -> dict[str, Any]:
    values = {name: metrics.to_json(value) for name, value in point.values.items()}
    return {"kind": point.kind, "step": point.step, "epoch": point.epoch, "values": values}


async def stream_events(
    database: ProjectDatabase, news: News, is_welcome: Callable[[], Awaitable[bool]], job_id: str, since: int
) -> AsyncIterator[ServerSentEvent]:
    """Tell events as they happen, and `end` once the job has ended and everything was told.

    A stream breaks off once its reader is welcome no more.
    """
    cursor = since
    while await is_welcome():
        batch = await to_thread.run_sync(read_batch, database, job_id, cursor)
        for entry in batch.entries:
            yield _make_event(entry["id"], entry["event"], entry["data"])
        cursor = batch.cursor
        if batch.is_last:
            yield _make_event(cursor, "end", {"state": batch.state})
            return
        if not batch.entries:
            await _wait_for_news(news, is_welcome, job_id, cursor)


async def _wait_for_news(
    news: News, is_welcome: Callable[[], Awaitable[bool]], job_id: str, cursor: int
) -> None:
    """Wait until there is news, or the reader is welcome no more."""
    while await is_welcome():
        with move_on_after(KEPT_SECONDS):
            return await news.wait(job_id, cursor)


def _make_event(number: int, name: str, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(encode_json(data).decode(), event=name, id=str(number))


def read_log(database: ProjectDatabase, job_id: str, since: int) -> Iterator[str]:
    """The lines of the log in pieces, so that a long log is never held whole."""
    while True:
        with database.read() as session:
            lines = events.read_since(session, job_id, since, kind="log", limit=_LOG_BATCH)
        if not lines:
            return
        yield "".join(f"{event.data['line']}\n" for event in lines)
        since = lines[-1].seq
