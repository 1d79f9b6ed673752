"""A job with a trained model, as a worker leaves one behind."""

from typing import Any

from sqlalchemy import update

from api.models.schemas import EXAMPLE_MODEL
from core.settings import Settings
from core.storage import open_store
from core.tables import Artifact, Job, Model
from tests.api_process import ApiProcess


def add_trained_job(server: ApiProcess, job_id: str, inputs: list[dict[str, Any]]) -> str:
    """Give a run a model and a model.h5, as a worker leaves a job behind."""
    stored = open_store(Settings(home=server.home)).put_stream([b"the model"])
    summary = {name: EXAMPLE_MODEL[name] for name in ("parameters", "memory", "outputs", "layers", "summary")}
    model_id = "mdl_" + job_id.removeprefix("job_")
    with server.session() as session:
        session.add(
            Model(
                id=model_id,
                name="m",
                class_name="Model",
                definition="{}",
                definition_sha256="0" * 64,
                summary={**summary, "inputs": inputs},
            )
        )
        session.flush()
        session.execute(update(Job).where(Job.id == job_id).values(model_id=model_id))
        row = {"sha256": stored.sha256, "size_bytes": 9, "media_type": "application/x-hdf5"}
        session.add(Artifact(job_id=job_id, name="model.h5", **row))
    return job_id
