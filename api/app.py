"""The application: routes, their resources, and the form of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio import create_task_group, to_thread
from fastapi import FastAPI

from api.artifacts.routes import router as artifacts
from api.body_limit import BodyLimitMiddleware
from api.datasets.routes import router as datasets
from api.deps import Database, Queue
from api.documentation import install_documentation
from api.errors import install_handlers
from api.events.routes import router as events
from api.health.routes import router as health
from api.jobs.expiry import fail_expired_jobs
from api.jobs.routes import router as jobs
from api.metrics.cache import AnswerCache
from api.metrics.routes import router as metrics
from api.models.isolation import WARM_UP
from api.models.routes import router as models
from api.openapi import install_openapi
from api.pages import install_pages
from api.predictions.routes import router as predictions
from api.uploads import remove_abandoned_uploads
from api.workers.routes import router as workers
from core import isolation
from core.database import create_db_engine
from core.jobs import queue
from core.settings import Settings
from core.storage import open_store

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
        await to_thread.run_sync(remove_abandoned_uploads, settings)
        isolation.start(WARM_UP)
        async with create_task_group() as tasks:
            tasks.start_soon(fail_expired_jobs, app.state.database, settings.sweep_seconds)
            yield
            tasks.cancel_scope.cancel()
        await to_thread.run_sync(isolation.stop)
        # Sessions end in threads; the pool is closed in one too, after all of them.
        await to_thread.run_sync(app.state.database.db_engine.dispose)

    app = FastAPI(
        title="kerasd",
        version=version("kerasd"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.database = Database(create_db_engine(settings.database_url))
    app.state.store = open_store(settings)
    app.state.metrics_cache = AnswerCache()
    app.state.queue = Queue(queue.ring, queue.ring_prediction)
    for router in (models, datasets, jobs, metrics, events, artifacts, predictions, workers, health):
        app.include_router(router)
    install_handlers(app)
    install_openapi(app)
    install_documentation(app)
    install_pages(app)
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    return app
