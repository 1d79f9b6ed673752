"""What a run must know of its job, read once from the database."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.database import session_scope
from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.tables import Dataset, Job, Model


@dataclass(frozen=True)
class TrainingJob:
    """A job as it was asked for.

    Args:
        job_id, attempt: who may write.
        spec: the checked request.
        definition, weights_sha256: the model; None without weights of its own.
        dataset_format, dataset_sha256, columns: the dataset, its columns as described at the upload.
    """

    job_id: str
    attempt: int
    spec: dict[str, Any]
    definition: str
    weights_sha256: str | None
    dataset_format: str
    dataset_sha256: str
    columns: list[dict[str, Any]]


def fetch_job(db_engine: Engine, job_id: str, attempt: int) -> TrainingJob:
    """Read a job with its model and dataset.

    Raises:
        JobNotFoundError: there is no such job.
        StaleAttemptError: it is at another attempt.
    """
    with session_scope(db_engine, read_only=True) as session:
        job = session.get(Job, job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        model = session.get_one(Model, job.model_id)
        dataset = session.get_one(Dataset, job.dataset_id)
    if job.attempt != attempt:
        raise StaleAttemptError(job_id, attempt, job.attempt, job.state)
    return TrainingJob(
        job_id=job_id,
        attempt=attempt,
        spec=job.spec,
        definition=model.definition,
        weights_sha256=model.weights_sha256,
        dataset_format=dataset.format,
        dataset_sha256=dataset.sha256,
        columns=dataset.columns,
    )
