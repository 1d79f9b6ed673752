"""Addresses of events and logs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette import EventSourceResponse
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.access.authenticator import Authenticator
from api.access.principal import PrincipalDep
from api.deps import DatabaseDep
from api.errors import documented
from api.events.news import News
from api.events.schemas import EXAMPLE_EVENTS, EventsView
from api.events.service import read_batch, read_log, stream_events
from api.jobs.repository import get_job
from api.names import JobId
from api.responses import JsonResponse

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["events"])


async def _get_news(request: Request) -> News:
    news: News = request.app.state.news
    return news


async def _get_welcome(request: Request, principal: PrincipalDep) -> Callable[[], Awaitable[bool]]:
    authenticator: Authenticator = request.app.state.authenticator
    return partial(authenticator.still_knows, principal)


IsWelcomeDep = Annotated[Callable[[], Awaitable[bool]], Depends(_get_welcome)]
NewsDep = Annotated[News, Depends(_get_news)]
Since = Annotated[int | None, Query(ge=0, lt=2**63, description="Tell only what came after this number.")]

_STREAM_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "model": EventsView,
        "content": {
            "text/event-stream": {"example": 'id: 2\nevent: log\ndata: {"line":"Epoch 1/5"}\n\n'},
            "application/json": {"example": EXAMPLE_EVENTS},
        },
    }
}


@router.get("/events", response_model=None, responses={**_STREAM_ANSWER, **documented(404)})
async def show_events(
    job_id: JobId,
    database: DatabaseDep,
    news: NewsDep,
    is_welcome: IsWelcomeDep,
    since: Since = None,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
    form: Annotated[Literal["sse", "json"], Query(alias="format")] = "sse",
    limit: Annotated[int, Query(ge=1, le=10_000, description="For JSON.")] = 1000,
) -> Response:
    """Follow a job: Server-Sent Events `state`, `log`, `metrics` and at last `end`; or the same as JSON."""
    # A browser that reconnects sends Last-Event-ID, which is newer than the since of its first address.
    cursor = last_event_id if last_event_id is not None else since or 0
    batch = await to_thread.run_sync(read_batch, database, job_id, cursor, limit)
    if form == "json":
        return JsonResponse({"cursor": batch.cursor, "data": batch.entries})
    return EventSourceResponse(stream_events(database, news, is_welcome, job_id, cursor))


@router.get("/logs", response_model=None, response_class=PlainTextResponse, responses=documented(404))
def show_logs(job_id: JobId, database: DatabaseDep, since: Since = None) -> Response:
    """Get the log as text."""
    with database.read() as session:
        get_job(session, database.project_id, job_id)
    return StreamingResponse(read_log(database, job_id, since or 0), media_type="text/plain")
