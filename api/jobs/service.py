"""Rules about jobs: what is queued can be trained, as far as can be told beforehand."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.datasets.repository import find_dataset
from api.deps import ProjectDatabase, Queue
from api.errors import Fault, ProblemError, invalid
from api.idempotency import IdempotentRequest, hash_request
from api.jobs.checks import TrainingCheck
from api.jobs.reading import find_queue_positions, read_attempts, read_job
from api.jobs.repository import get_job
from api.jobs.schemas import JobRequest
from api.jobs.views import view_job
from api.models.isolation import check_definition
from api.models.repository import find_model
from api.models.service import make_model
from api.responses import JsonResponse
from core.database import utc_now
from core.identifiers import new_id
from core.jobs import transitions
from core.jobs.states import JobState
from core.quotas import check_open_jobs
from core.settings import Settings
from core.tables import Dataset, Job, Model

_TRAINING_FIELDS = ("dataset", "compile")


@dataclass(frozen=True)
class _Plan:
    """What a request comes to: the job, and the model it brings along."""

    job: Job
    new_model: Model | None


def create_job(
    database: ProjectDatabase,
    queue: Queue,
    settings: Settings,
    request: JobRequest,
    idempotent: IdempotentRequest,
    cloned_from: str | None = None,
) -> Response:
    """Check a request and queue it; the workers are told after the commit.

    Raises: ProblemError (422): it cannot work; nothing is kept.
    """
    digest = hash_request(request, cloned_from)
    with database.read() as session:
        kept = idempotent.find_answer(session, digest)
        model, dataset = _find_parts(session, database.project_id, request) if kept is None else (None, None)
    if kept is not None:
        return kept
    plan = (
        _plan_external(database.project_id, request, model)
        if request.external
        else _plan_training(database.project_id, request, model, dataset, settings)
    )
    plan.job.cloned_from = cloned_from
    with database.write() as session:
        if (kept := idempotent.reserve(session, digest)) is not None:
            return kept
        response = _add(session, plan)
        if not plan.job.external:
            check_open_jobs(session, database.project_id, settings.max_open_jobs)
        idempotent.keep_answer(session, response)
    if not plan.job.external:
        queue.ring(plan.job.id, plan.job.priority)
    return response


def _find_parts(
    session: Session, project_id: str, request: JobRequest
) -> tuple[Model | None, Dataset | None]:
    """Fetch the model and the dataset that the request names by id."""
    faults, model, dataset = [], None, None
    if isinstance(request.model, str):
        model = find_model(session, project_id, request.model)
        if model is None:
            faults.append(Fault(pointer="/model", detail=f"there is no model with the id {request.model!r}"))
    if request.dataset is not None:
        dataset = find_dataset(session, project_id, request.dataset)
        if dataset is None:
            faults.append(
                Fault(pointer="/dataset", detail=f"there is no dataset with the id {request.dataset!r}")
            )
    if faults:
        raise invalid(faults)
    return model, dataset


def _plan_external(project_id: str, request: JobRequest, model: Model | None) -> _Plan:
    refused = [field for field in _TRAINING_FIELDS if getattr(request, field) is not None]
    if isinstance(request.model, dict):
        refused.append("model")
    if refused:
        detail = "does not belong to an external run, which trains elsewhere; leave it out"
        raise invalid([Fault(pointer=f"/{field}", detail=detail) for field in refused])
    job = _make_job(project_id, request, model, {"external": True})
    job.epochs = request.epochs or request.fit.epochs
    return _Plan(job, None)


def _plan_training(
    project_id: str, request: JobRequest, model: Model | None, dataset: Dataset | None, settings: Settings
) -> _Plan:
    faults = [
        Fault(pointer=f"/{field}", detail="is missing")
        for field in ("model", *_TRAINING_FIELDS)
        if getattr(request, field) is None
    ]
    if request.epochs is not None:
        faults.append(Fault(pointer="/epochs", detail="is for external runs; write fit.epochs"))
    if faults or dataset is None or request.compile is None:
        raise invalid(faults)
    new_model = None
    if model is None:
        new_model = make_model(project_id, check_definition(request.model, settings, "/model"), None)
        new_model.created_at = utc_now()
    check = TrainingCheck(request, request.compile, model or new_model, dataset)  # type: ignore[arg-type]
    check.run(settings)
    if check.faults:
        raise invalid(check.faults)
    job = _make_job(project_id, request, model or new_model, check.spec)
    job.epochs = request.fit.epochs
    return _Plan(job, new_model)


def _make_job(project_id: str, request: JobRequest, model: Model | None, spec: dict[str, Any]) -> Job:
    identifier = new_id("job")
    return Job(
        id=identifier,
        project_id=project_id,
        name=request.name or (model.name if model is not None else identifier),
        model_id=model.id if model is not None else None,
        dataset_id=request.dataset,
        external=request.external,
        spec=spec,
        tags=request.tags,
        priority=request.priority,
        queue_timeout_seconds=request.queue_timeout_seconds,
        time_limit_seconds=request.time_limit_seconds,
        max_attempts=request.max_attempts,
    )


def _add(session: Session, plan: _Plan) -> Response:
    if plan.new_model is not None:
        session.add(plan.new_model)
        session.flush()
    try:
        transitions.create(session, plan.job)
    except IntegrityError as exc:
        detail = "The model or the dataset was deleted just now. Send it again and then the job."
        raise ProblemError(409, detail, name="part-deleted") from exc
    return JsonResponse(view(session, plan.job), 202, {"Location": f"/v1/jobs/{plan.job.id}"})


def view(session: Session, job: Job) -> dict[str, Any]:
    """A job as the transaction leaves it."""
    session.flush()
    return show(session.connection(), job.project_id, job.id)


def show(connection: Connection, project_id: str, job_id: str) -> dict[str, Any]:
    """A job of a project with its place in the queue, its best epoch and its attempts, or the 404."""
    job = read_job(connection, project_id, job_id)
    place = find_queue_positions(connection, [job]).get(job_id)
    return view_job(job, place, read_attempts(connection, job))


def finish_job(
    database: ProjectDatabase, job_id: str, state: Literal["succeeded", "failed"], detail: str | None
) -> dict[str, Any]:
    """End an external run. A second time with the same state changes nothing.

    Raises: ProblemError (409): a worker trains the job. IllegalMoveError: it ended otherwise.
    """
    with database.write() as session:
        job = get_job(session, database.project_id, job_id)
        if not job.external:
            detail = f"Job {job_id} is trained by a worker, which ends it by itself; to stop it, cancel it."
            raise ProblemError(409, detail, name="not-external")
        if job.state != state:
            error = None
            if state == "failed":
                text = detail or "The external run reported that it failed."
                error = {"type": "external-failure", "title": "The run failed", "detail": text}
            job = transitions.move(
                session, job_id, JobState(state), reason="reported by the run", error=error
            )
        return view(session, job)
