"""What a run must know of its job, read once from the database."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.tables import Dataset, Job, Model
from worker.patience import insist


@dataclass(frozen=True)
class TrainingJob:
    """A job as it was asked for.

    Args:
        job_id, attempt: who may write.
        spec: the checked request.
        has_checkpoint: whether an attempt has left something to go on from.
        told_epochs: how many epochs' metrics have arrived.
        definition, weights_sha256: the model; None without weights of its own.
        dataset_format, dataset_sha256, columns: the dataset, its columns as described at the upload.
        token: lets the run report.
    """

    job_id: str
    attempt: int
    spec: dict[str, Any]
    has_checkpoint: bool
    told_epochs: int
    definition: str
    weights_sha256: str | None
    dataset_format: str
    dataset_sha256: str
    columns: list[dict[str, Any]]
    token: str = field(repr=False)


def fetch_job(db_engine: Engine, job_id: str, attempt: int, token: str) -> TrainingJob:
    """Read a job with its model and dataset.

    Raises:
        JobNotFoundError: there is no such job.
        StaleAttemptError: it is at another attempt.
    """

    def read(session: Session) -> tuple[Job, Model, Dataset]:
        job = session.get(Job, job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        return job, session.get_one(Model, job.model_id), session.get_one(Dataset, job.dataset_id)

    job, model, dataset = insist(db_engine, read, read_only=True)
    if job.attempt != attempt:
        raise StaleAttemptError(job_id, attempt, job.attempt, job.state)
    return TrainingJob(
        job_id=job_id,
        attempt=attempt,
        spec=job.spec,
        has_checkpoint=job.checkpoint_at is not None,
        told_epochs=job.epoch,
        definition=model.definition,
        weights_sha256=model.weights_sha256,
        dataset_format=dataset.format,
        dataset_sha256=dataset.sha256,
        columns=dataset.columns,
        token=token,
    )
