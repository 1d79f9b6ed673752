"""Is the service up, and can it work?"""

import logging

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from starlette.responses import Response

from api.deps import DatabaseDep, StoreDep
from api.errors import ProblemError, documented
from api.responses import JsonResponse

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
def show_readiness(database: DatabaseDep, store: StoreDep) -> Response:
    """Say whether the database and the object store answer."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1 FROM jobs LIMIT 1"))
        store.check()
    except Exception as exc:
        log.warning("not ready: %s", exc)
        detail = f"The database or the object store does not answer: {type(exc).__name__}."
        raise ProblemError(503, detail, name="not-ready", headers={"Retry-After": "1"}) from exc
    return JsonResponse({"status": "ready"})
