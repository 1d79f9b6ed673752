"""Rules about predictions: inputs are checked here, computed by a worker, and waited for."""

import asyncio
import hashlib
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
from anyio import to_thread
from sqlalchemy import select

from api.deps import Database, ProjectDatabase, Queue
from api.errors import ProblemError, not_found
from api.jobs.repository import get_job
from api.objects import discard_unreferenced, keep_object
from api.predictions.arrays import FORMS, Array, Form
from api.predictions.isolation import write_input
from api.uploads import Upload, find_uploads_folder
from core.database import utc_now
from core.identifiers import new_id
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Artifact, Model, Prediction

MODEL_FILE: Final = "model.h5"
_POLL_SECONDS: Final = 0.02
_ABANDONED: Final = timedelta(hours=24)


def find_form(upload: Upload) -> Form:
    """The form of a request's arrays by its media type; the answer has the same."""
    form = FORMS.get(upload.media_type)
    if form is None:
        detail = f"Arrays come as {', '.join(name for name in FORMS if name)}; found {upload.media_type}."
        raise ProblemError(415, detail, name="unsupported-media-type")
    return form


def submit_prediction(
    database: ProjectDatabase,
    store: ObjectStore,
    queue: Queue,
    settings: Settings,
    job_id: str,
    upload: Upload,
) -> str:
    """Check the input, keep it and tell the workers. Returns: the prediction's id.

    Raises: ProblemError (409): the job has no model yet. ProblemError (422): the input does not fit it.
    """
    with database.read() as session:
        job = get_job(session, database.project_id, job_id)
        if session.get(Artifact, (job_id, MODEL_FILE)) is None or job.model_id is None:
            detail = f"Job {job_id} is {job.state} and has no {MODEL_FILE}; predict once it has succeeded."
            raise ProblemError(409, detail, name="no-trained-model")
        model = session.get_one(Model, job.model_id)
    prediction = Prediction(id=new_id("prd"), job_id=job_id, state="queued")
    with tempfile.TemporaryDirectory(dir=find_uploads_folder(settings)) as folder:
        path = Path(folder, "input.npz")
        write_input(upload.path, find_form(upload), model.summary["inputs"], settings, path)
        _forget_abandoned(database, store)
        _keep(database, store, prediction, path)
    queue.ring_prediction(prediction.id)
    return prediction.id


def _keep(database: ProjectDatabase, store: ObjectStore, prediction: Prediction, path: Path) -> None:
    """Store the input, and the row that names it."""
    with path.open("rb") as file:
        prediction.input_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with keep_object(database, store, path, prediction.input_sha256) as session:
        session.add(prediction)


async def wait_for_prediction(
    database: Database, store: ObjectStore, prediction_id: str, timeout_seconds: float
) -> dict[str, Array]:
    """Wait for a worker's answer. Returns: arrays by output name.

    Raises: ProblemError (504): no worker answered in time. ProblemError (422): computing failed.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        prediction = await to_thread.run_sync(_read, database, prediction_id)
        if prediction.state == "failed":
            detail = (prediction.error or {}).get("detail", "The worker told no reason.")
            raise ProblemError(422, str(detail), name="prediction-failed")
        if prediction.state == "done" and prediction.output_sha256 is not None:
            return await to_thread.run_sync(_load, store, prediction.output_sha256)
        if time.monotonic() > deadline:
            detail = (
                f"No worker answered within {timeout_seconds:g} seconds; GET /v1/workers shows what they do. "
                "Try again, or with a larger timeout_seconds."
            )
            raise ProblemError(504, detail, name="prediction-timeout")
        await asyncio.sleep(_POLL_SECONDS)


def forget_prediction(database: Database, store: ObjectStore, prediction_id: str) -> None:
    """Delete a prediction that was answered, with its arrays."""
    with database.write() as session:
        prediction = session.get(Prediction, prediction_id)
        if prediction is not None:
            session.delete(prediction)
    if prediction is not None:
        for sha256 in filter(None, (prediction.input_sha256, prediction.output_sha256)):
            discard_unreferenced(database, store, sha256)


def _forget_abandoned(database: Database, store: ObjectStore) -> None:
    """Delete predictions that nobody waited for to the end."""
    with database.read() as session:
        old = session.scalars(
            select(Prediction.id).where(Prediction.created_at < utc_now() - _ABANDONED)
        ).all()
    for prediction_id in old:
        forget_prediction(database, store, prediction_id)


def _read(database: Database, prediction_id: str) -> Prediction:
    with database.read() as session:
        prediction = session.get(Prediction, prediction_id)
    if prediction is None:
        raise not_found("prediction", prediction_id)
    return prediction


def _load(store: ObjectStore, sha256: str) -> dict[str, Array]:
    with store.open(sha256) as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)
