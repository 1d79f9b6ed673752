"""A new job after the pattern of another one, with some fields changed."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from api.deps import ProjectDatabase, Queue
from api.idempotency import IdempotentRequest
from api.jobs.repository import get_job
from api.jobs.schemas import JobRequest
from api.jobs.service import create_job
from core.settings import Settings
from core.tables import Job

_COLUMNS: Final = (
    "name",
    "tags",
    "priority",
    "queue_timeout_seconds",
    "time_limit_seconds",
    "max_attempts",
    "external",
)
_MERGED: Final = ("data", "compile", "fit")
"""Of these the fields that are given replace those of the pattern; all else is replaced as a whole."""


def clone_job(
    database: ProjectDatabase,
    queue: Queue,
    settings: Settings,
    job_id: str,
    changes: Mapping[str, Any],
    idempotent: IdempotentRequest,
) -> Response:
    """Queue a copy of a job; it is checked as if it had been sent.

    Raises: RequestValidationError, ProblemError (422): what the changes make of it cannot work.
    """
    with database.read() as session:
        pattern = get_job(session, database.project_id, job_id)
    request = _read_request(_merge(_describe(pattern), changes))
    return create_job(database, queue, settings, request, idempotent, cloned_from=job_id)


def _describe(job: Job) -> dict[str, Any]:
    """The request that asked for a job."""
    columns = {name: getattr(job, name) for name in _COLUMNS}
    asked = {"model": job.model_id, "epochs": job.epochs} if job.external else job.spec
    return {name: value for name, value in {**asked, **columns}.items() if value is not None}


def _merge(pattern: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**pattern, **changes}
    for name in _MERGED:
        old, new = pattern.get(name), changes.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            merged[name] = {**old, **new}
    return merged


def _read_request(merged: dict[str, Any]) -> JobRequest:
    try:
        return JobRequest.model_validate(merged)
    except ValidationError as exc:
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in exc.errors()]
        ) from exc
