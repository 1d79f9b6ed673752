"""Is the service up, and can it work?"""

import logging

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from starlette.responses import Response

from api.deps import ServiceDatabaseDep, StoreDep
from api.errors import ProblemError, documented
from api.responses import JsonResponse
from core import isolation

router = APIRouter(tags=["health"])
log = logging.getLogger(__name__)


class HealthView(BaseModel):
    """The answer of a service that is well."""

    status: str


@router.get("/healthz", response_model=HealthView)
async def show_health() -> Response:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@router.get("/readyz", response_model=HealthView, responses=documented(503))
def show_readiness(database: ServiceDatabaseDep, store: StoreDep) -> Response:
    """Say whether the database and the object store answer, and uploads can be checked at once."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1 FROM jobs LIMIT 1"))
        store.check()
    except Exception as exc:
        log.warning("not ready: %s", exc)
        # The log says which and why; this address tells strangers nothing.
        detail = "The database or the object store does not answer."
        raise ProblemError(503, detail, name="not-ready", headers={"Retry-After": "1"}) from exc
    if not isolation.is_ready():
        detail = "The process that checks what is sent still loads the engine, which takes some seconds."
        raise ProblemError(503, detail, name="not-ready", headers={"Retry-After": "1"})
    return JsonResponse({"status": "ready"})
