"""Addresses of jobs; those that are polled take what they need from the request itself, as those of metrics do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import Database, DatabaseDep, QueueDep, SettingsDep, StoreDep
from api.errors import documented
from api.idempotency import IdempotencyDep
from api.jobs import control, service
from api.jobs.cloning import clone_job as clone
from api.jobs.reading import find_queue_positions, list_jobs
from api.jobs.schemas import ChangeRequest, JobRequest, RetryRequest
from api.jobs.views import JobView, view_job
from api.names import JobId, Tag
from api.pagination import Page, PageDep, make_page
from api.responses import JsonResponse
from core.jobs.states import JobState

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_JOB_EXAMPLES: dict[str, Any] = {
    "training": {
        "summary": "Train a model on a dataset",
        "value": {
            "name": "digits",
            "model": "mdl_01JD5K7Q0V9F2M8X3YB4T6W1ZC",
            "dataset": "dst_01JD5K8A3P7R1N6C9WQ2V5X0HT",
            "data": {"x": "x", "y": "y"},
            "compile": {
                "optimizer": {"class_name": "Adam", "config": {"lr": 0.001}},
                "loss": "sparse_categorical_crossentropy",
                "metrics": ["accuracy"],
            },
            "fit": {"epochs": 5, "batch_size": 32, "validation_split": 0.2},
            "callbacks": [
                {"class_name": "EarlyStopping", "config": {"monitor": "val_loss", "patience": 3}},
                {"class_name": "LearningRateScheduler", "config": {"schedule": {"0": 0.01, "3": 0.001}}},
            ],
            "seed": 7,
            "tags": ["demo"],
        },
    },
    "external": {
        "summary": "Follow a run that trains elsewhere",
        "value": {"name": "laptop", "external": True, "epochs": 20},
    },
}


_RETRY_EXAMPLES: dict[str, Any] = {
    "scratch": {"summary": "From scratch", "value": {"from_checkpoint": False}},
}
_CLONE_EXAMPLES: dict[str, Any] = {
    "longer": {"summary": "The same for longer", "value": {"name": "digits, longer", "fit": {"epochs": 20}}},
}


class FinishRequest(BaseModel):
    """How an external run ended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"state": "succeeded"}})

    state: Literal["succeeded", "failed"]
    detail: str | None = Field(default=None, max_length=10_000, description="Why it failed.")


class TokenView(BaseModel):
    """What an external run reports with: `Authorization: Bearer <token>`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "job_id": "job_01JD5KA2R9C4H7V1M6T8E3W5BX",
                "token": "kerasd_job_01JD5KA2R9C4H7V1M6T8E3W5BX_<43 letters and digits>",
            }
        }
    )

    job_id: str
    token: str = Field(description="Told this once.")


@router.post("", status_code=202, response_model=JobView, responses=documented(400, 413, 422, 429, 507))
def create_job(
    request: Annotated[JobRequest, Body(openapi_examples=_JOB_EXAMPLES)],
    database: DatabaseDep,
    queue: QueueDep,
    settings: SettingsDep,
    idempotent: IdempotencyDep,
) -> Response:
    """Queue a training, or open an external run; what cannot work is refused with pointers."""
    return service.create_job(database, queue, settings, request, idempotent)


@router.get("", response_model=Page[JobView])
def show_jobs(
    request: Request,
    page: PageDep,
    state: Annotated[list[JobState] | None, Query(description="May be given several times.")] = None,
    tag: Annotated[Tag | None, Query()] = None,
) -> Response:
    """List jobs, newest first."""
    database: Database = request.app.state.database
    with database.read_rows() as connection:
        jobs, has_more = list_jobs(connection, request.state.principal.project_id, page, state or (), tag)
        places = find_queue_positions(connection, jobs)
    return JsonResponse(make_page([view_job(job, places.get(job["id"])) for job in jobs], has_more))


@router.get("/{job_id}", response_model=JobView, responses=documented(404))
def show_job(job_id: JobId, request: Request) -> Response:
    """Get a job."""
    database: Database = request.app.state.database
    with database.read_rows() as connection:
        return JsonResponse(service.show(connection, request.state.principal.project_id, job_id))


@router.patch("/{job_id}", response_model=JobView, responses=documented(404, 422))
def change_job(job_id: JobId, request: ChangeRequest, database: DatabaseDep) -> Response:
    """Change the priority of a job."""
    return JsonResponse(control.change_priority(database, job_id, request.priority))


@router.post("/{job_id}/cancel", status_code=202, response_model=JobView, responses=documented(404))
def cancel_job(job_id: JobId, database: DatabaseDep) -> Response:
    """Cancel a job. A running one ends within seconds; one that has ended stays as it is."""
    return JsonResponse(control.cancel_job(database, job_id), 202)


@router.post("/{job_id}/pause", status_code=202, response_model=JobView, responses=documented(404, 409))
def pause_job(job_id: JobId, database: DatabaseDep) -> Response:
    """Pause a job: a waiting one at once, a running one once it has written a checkpoint. Twice is once."""
    return JsonResponse(control.pause_job(database, job_id), 202)


@router.post("/{job_id}/resume", status_code=202, response_model=JobView, responses=documented(404, 409, 429))
def resume_job(job_id: JobId, database: DatabaseDep, queue: QueueDep, settings: SettingsDep) -> Response:
    """Queue a paused job again; it goes on from its checkpoint. Twice is once."""
    return JsonResponse(control.resume_job(database, queue, settings, job_id), 202)


@router.post(
    "/{job_id}/retry", status_code=202, response_model=JobView, responses=documented(404, 409, 422, 429)
)
def retry_job(
    job_id: JobId,
    database: DatabaseDep,
    queue: QueueDep,
    store: StoreDep,
    settings: SettingsDep,
    request: Annotated[RetryRequest | None, Body(openapi_examples=_RETRY_EXAMPLES)] = None,
) -> Response:
    """Queue a job that failed or was cancelled again, to go on from its checkpoint or from scratch."""
    from_checkpoint = request is None or request.from_checkpoint
    return JsonResponse(
        control.retry_job(database, queue, store, settings, job_id, from_checkpoint=from_checkpoint), 202
    )


@router.post(
    "/{job_id}/clone",
    status_code=202,
    response_model=JobView,
    responses=documented(400, 404, 413, 422, 429, 507),
)
def clone_job(
    job_id: JobId,
    database: DatabaseDep,
    queue: QueueDep,
    settings: SettingsDep,
    idempotent: IdempotencyDep,
    changes: Annotated[dict[str, Any] | None, Body(openapi_examples=_CLONE_EXAMPLES)] = None,
) -> Response:
    """Queue a new job with the model, the dataset and the arguments of this one, but for the fields given."""
    return clone(database, queue, settings, job_id, changes or {}, idempotent)


@router.post("/{job_id}/token", status_code=201, response_model=TokenView, responses=documented(404, 409))
def mint_token(job_id: JobId, database: DatabaseDep) -> Response:
    """Make the token with which an external run reports, and nothing else can be done; the one before ends."""
    return JsonResponse(control.mint_token(database, job_id), 201)


@router.post("/{job_id}/finish", response_model=JobView, responses=documented(404, 409, 422))
def finish_job(job_id: JobId, request: FinishRequest, database: DatabaseDep) -> Response:
    """End an external run."""
    return JsonResponse(service.finish_job(database, job_id, request.state, request.detail))
