from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.identifiers import new_id
from core.settings import Settings
from core.storage import ObjectStore, open_store
from core.tables import Artifact, Prediction
from engine import backend as K
from engine.layers import Concatenate, Dense, Input
from engine.models import Model
from worker.attempt import Attempt
from worker.predictor import MODEL_FILE, Predictor

LEFT, RIGHT = np.arange(6.0).reshape(3, 2), np.ones((3, 1))


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(Settings(home=tmp_path))


def keep_model(store: ObjectStore, db_engine: Engine, job_id: str, path: Path) -> Any:
    """Keep a model of two inputs and two outputs as the job's."""
    with K.isolated_state():
        left, right = Input((2,), name="left"), Input((1,), name="right")
        joined = Concatenate()([left, right])
        model = Model([left, right], [Dense(2, name="a")(joined), Dense(1, name="b")(joined)])
        model.save(str(path))
    stored = store.put_file(path)
    with session_scope(db_engine) as session:
        session.add(
            Artifact(
                job_id=job_id,
                name=MODEL_FILE,
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                media_type="x/y",
            )
        )
    return model


def ask(store: ObjectStore, db_engine: Engine, job_id: str, folder: Path, **arrays: np.ndarray) -> Prediction:
    np.savez(folder / "input.npz", **arrays)  # type: ignore[arg-type]
    prediction_id = new_id("prd")
    with session_scope(db_engine) as session:
        stored = store.put_file(folder / "input.npz")
        session.add(Prediction(id=prediction_id, job_id=job_id, input_sha256=stored.sha256))
    Predictor(db_engine, store).answer(prediction_id)
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Prediction, prediction_id)


def test_outputs_come_back_by_name(
    tmp_path: Path, store: ObjectStore, db_engine: Engine, claim_job: Callable[..., Attempt]
) -> None:
    job_id = claim_job().job_id
    model = keep_model(store, db_engine, job_id, tmp_path / "model.h5")
    prediction = ask(store, db_engine, job_id, tmp_path, right=RIGHT, left=LEFT)
    assert (prediction.state, prediction.error) == ("done", None)
    assert prediction.output_sha256 is not None
    with store.open(prediction.output_sha256) as file, np.load(file) as outputs:
        expected = dict(zip(["a", "b"], model.predict([LEFT, RIGHT])))
        assert set(outputs) == {"a", "b"}
        for name, values in expected.items():
            np.testing.assert_allclose(outputs[name], values, rtol=1e-6)


def test_what_cannot_be_predicted_is_told(
    tmp_path: Path, store: ObjectStore, db_engine: Engine, claim_job: Callable[..., Attempt]
) -> None:
    job_id = claim_job().job_id
    prediction = ask(store, db_engine, job_id, tmp_path, left=LEFT)
    assert prediction.error is not None
    assert "has no model.h5" in prediction.error["detail"]
    keep_model(store, db_engine, job_id, tmp_path / "model.h5")
    prediction = ask(store, db_engine, job_id, tmp_path, left=LEFT, right=np.ones((3, 5)))
    assert prediction.state == "failed"
    assert prediction.error is not None
    assert "right" in prediction.error["detail"]
    assert prediction.finished_at is not None
