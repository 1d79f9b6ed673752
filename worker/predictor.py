"""Predictions, in a child process: the models used last stay loaded."""

import logging
import tempfile
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from core.collection import confirm_object
from core.database import session_scope, utc_now
from core.storage import ObjectStore
from core.tables import Artifact, Prediction
from engine import backend as K
from engine.models import load_model
from worker.patience import endure

MODEL_FILE = "model.h5"
_KEPT_MODELS = 4

_log = logging.getLogger(__name__)


class MissingModelError(LookupError):
    """The job has no trained model."""


class Predictor:
    """Computes predictions with the `model.h5` of jobs.

    Args:
        db_engine, store: the service's database and files.
    """

    def __init__(self, db_engine: Engine, store: ObjectStore) -> None:
        self._db_engine = db_engine
        self._store = store
        self._models: OrderedDict[str, Any] = OrderedDict()

    def answer(self, prediction_id: str) -> None:
        """Compute a prediction that waits and write what came out, or why nothing did."""
        with session_scope(self._db_engine, read_only=True) as session:
            prediction = session.get(Prediction, prediction_id)
            if prediction is None or prediction.state != "queued":
                return
            artifact = session.get(Artifact, (prediction.job_id, MODEL_FILE))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "output.npz")
            changes = self._answer(prediction, artifact, path) | {"finished_at": utc_now()}
            with session_scope(self._db_engine) as session:
                if changes["state"] == "done":
                    confirm_object(session, self._store, path, changes["output_sha256"])
                row = session.get(Prediction, prediction_id)
                if row is not None:
                    for name, value in changes.items():
                        setattr(row, name, value)

    def _answer(self, prediction: Prediction, artifact: Artifact | None, path: Path) -> dict[str, Any]:
        """Write what comes out to a file and store it. Returns: what changes of the prediction's row."""
        try:
            if artifact is None:
                raise MissingModelError(f"Job {prediction.job_id} has no {MODEL_FILE}.")
            compute = partial(self._compute, artifact.sha256, prediction.input_sha256, path)
            return {"state": "done", "output_sha256": endure(compute)}
        except Exception as error:
            _log.exception("prediction %s failed", prediction.id)
            title = f"The prediction ended with {type(error).__name__}"
            described = {"type": "prediction-error", "title": title, "detail": str(error) or title}
            return {"state": "failed", "error": described}

    def _compute(self, model_sha256: str, input_sha256: str, path: Path) -> str:
        """Write what a model makes of inputs to a file and store it. Returns: its digest."""
        outputs = self._predict(self._load(model_sha256), self._read(input_sha256))
        np.savez(path, **outputs)  # type: ignore[arg-type]
        return self._store.put_file(path).sha256

    def _load(self, sha256: str) -> Any:
        if sha256 not in self._models:
            with self._store.local_path(sha256) as path, K.isolated_state():
                self._models[sha256] = load_model(str(path), compile=False)
            while len(self._models) > _KEPT_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end(sha256)
        return self._models[sha256]

    def _read(self, sha256: str) -> dict[str, np.ndarray]:
        with self._store.open(sha256) as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)

    @staticmethod
    def _predict(model: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name."""
        outputs = model.predict([inputs[name] for name in model.input_names])
        listed = outputs if isinstance(outputs, list) else [outputs]
        return dict(zip(model.output_names, listed))
