"""The application: routes, their resources, and the form of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from anyio import create_task_group, to_thread
from fastapi import FastAPI

from api.access.authenticator import Authenticator
from api.access.last_uses import LastUses
from api.access.middleware import AuthenticationMiddleware
from api.access.routes import router as access
from api.artifacts.routes import router as artifacts
from api.audit.routes import router as audit
from api.audit.writer import AuditWriter
from api.body_limit import BodyLimitMiddleware
from api.datasets.routes import router as datasets
from api.deps import Database, Queue
from api.documentation import install_documentation
from api.errors import install_handlers
from api.events.news import News
from api.events.routes import router as events
from api.health.routes import router as health
from api.jobs.expiry import fail_expired_jobs
from api.jobs.routes import router as jobs
from api.metrics.cache import Cache
from api.metrics.histories import Histories
from api.metrics.ingest import Ingest
from api.metrics.routes import router as metrics
from api.models.isolation import WARM_UP
from api.models.routes import router as models
from api.openapi import install_openapi
from api.pages import install_pages
from api.perimeter.application import Application
from api.perimeter.origins import OriginMiddleware
from api.perimeter.pace import PaceMiddleware
from api.perimeter.rates import FailureLimitMiddleware, RateLimitMiddleware
from api.predictions.isolation import ARRAY_READER
from api.predictions.routes import router as predictions
from api.sessions.routes import router as sessions
from api.workers.routes import router as workers
from core import isolation
from core.access.exposure import needs_keys
from core.database import create_db_engine
from core.jobs import queue
from core.settings import Settings
from core.storage import open_store

_MAX_ANSWER_BYTES: Final = 64 * 1024**2
"""Of all encoded metrics that are kept for the next caller."""

_DESCRIPTION = """
A training service that speaks Keras: send a model as `model.to_json()` prints it, a dataset and the arguments
of `compile` and `fit`; follow the metrics; fetch an HDF5 file that Keras loads.

Errors are `application/problem+json` (RFC 9457). Lists are paged by `limit` and `after`. Every create takes
an `Idempotency-Key`.
"""


def create_app(settings: Settings) -> FastAPI:
    """Make the application of these settings; the database must be migrated."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        isolation.start(WARM_UP, ARRAY_READER)
        async with create_task_group() as tasks:
            tasks.start_soon(fail_expired_jobs, app.state.database, settings.sweep_seconds)
            tasks.start_soon(last_uses.write_always)
            tasks.start_soon(app.state.audit.write_always)
            yield
            tasks.cancel_scope.cancel()
        await to_thread.run_sync(isolation.stop)
        await to_thread.run_sync(app.state.ingest.close)
        # Sessions end in threads; the pool is closed in one too, after all of them.
        await to_thread.run_sync(app.state.database.db_engine.dispose)

    app = Application(
        title="kerasd",
        version=version("kerasd"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.database = Database(create_db_engine(settings.database_url))
    last_uses = LastUses(app.state.database)
    app.state.authenticator = Authenticator(app.state.database, last_uses, needs_keys=needs_keys(settings))
    app.state.audit = AuditWriter(app.state.database)
    app.state.store = open_store(settings)
    app.state.metrics_answers = Cache[bytes](_MAX_ANSWER_BYTES)
    app.state.histories = Histories()
    app.state.news = News(app.state.database, settings.sse_poll_seconds)
    app.state.ingest = Ingest(app.state.database.db_engine, app.state.news.tell)
    app.state.queue = Queue(queue.ring, queue.ring_prediction)
    # Routes are tried in this order: the ones asked for most often come first. They become the application's own,
    # since it would look through each router that it includes twice for each request.
    for router in (
        metrics,
        events,
        jobs,
        models,
        datasets,
        artifacts,
        predictions,
        workers,
        access,
        sessions,
        audit,
        health,
    ):
        app.router.routes += router.routes
    install_handlers(app)
    install_openapi(app)
    install_documentation(app)
    install_pages(app)
    # The one added last is met first.
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    app.add_middleware(PaceMiddleware, settings=settings)
    app.add_middleware(RateLimitMiddleware, settings=settings)
    app.add_middleware(AuthenticationMiddleware, authenticator=app.state.authenticator)
    app.add_middleware(FailureLimitMiddleware, settings=settings)
    app.add_middleware(OriginMiddleware, settings=settings)
    return app
