"""Models that tf_keras 2.21 and Keras 3.15 wrote, read and trained by the engine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import optimizers
from engine.models import load_model, model_from_json
from engine.saving import read_definition
from tests.parity.recorded import Recording, read_recordings

RECORDINGS = [*read_recordings("tf_keras"), *read_recordings("keras3")]
# Keras 3 on torch counts the padding in average pooling with `same`; Keras 2 does not.
COUNTS_PADDING = {"keras3-conv2d_dilated_same", "keras3-pool2d_variants"}
COMPARABLE = [recording for recording in RECORDINGS if recording.id not in COUNTS_PADDING]
# Later lines divide a loss of activities by the batch's size; Keras 2.1.6 adds them up over the batch.
DIVIDES_ACTIVITY_LOSS = {"tf_keras-core_reshape_permute"}
TRAINABLE = [
    recording for recording in COMPARABLE if recording.facts["compiled"] and recording.facts["deterministic"]
]
RUNS = [
    pytest.param(recording, run, id=f"{recording.id}-{run['optimizer']}-{number}")
    for recording in TRAINABLE
    for number, run in enumerate(recording.facts["runs"])
]


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def compare_predictions(model: Any, recording: Recording, expected: str) -> None:
    model.reset_states()
    outputs = model.predict(recording.data()[0], batch_size=recording.facts["batch_size"])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    tolerance = recording.facts["tolerances"]["predict_atol"]
    for own, recorded in zip(outputs, recording.numbered(expected), strict=True):
        np.testing.assert_allclose(own, recorded, atol=tolerance, rtol=1e-4)


def list_weights(layer: Any) -> list[Any]:
    """Return the weights as later lines list them: layer by layer in nested models too."""
    if not hasattr(layer, "layers"):
        return layer.get_weights()
    return [weight for inner in layer.layers for weight in list_weights(inner)]


def train(model: Any, recording: Recording, steps: int) -> np.ndarray:
    model.reset_states()
    x, t, weights = recording.data()
    return np.array([np.atleast_1d(model.train_on_batch(x, t, sample_weight=weights)) for _ in range(steps)])


def divide_activity_losses(text: str, recording: Recording) -> str:
    """Return a model's configuration with the losses of activities as later lines count them."""
    if recording.id not in DIVIDES_ACTIVITY_LOSS:
        return text
    config = json.loads(text)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "ActivityRegularization":
            for name in ("l1", "l2"):
                layer["config"][name] /= len(recording.arrays()["x_0"])
    return json.dumps(config)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.id)
def test_definition_builds_the_recorded_model(recording: Recording) -> None:
    model = read_definition(recording.text()).build()
    assert model.count_params() == recording.facts["n_params"]
    assert len(model.outputs) == len(recording.numbered("y"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.id)
def test_weights_file_gives_the_recorded_weights(recording: Recording) -> None:
    model = model_from_json(recording.text())
    model.load_weights(recording.path("weights"))
    for own, recorded in zip(list_weights(model), recording.numbered("w"), strict=True):
        np.testing.assert_array_equal(own, recorded)
    if recording in COMPARABLE:
        compare_predictions(model, recording, "y")


@pytest.mark.parametrize(("recording", "run"), RUNS)
def test_training_losses(recording: Recording, run: dict[str, Any]) -> None:
    model = model_from_json(divide_activity_losses(recording.text(), recording))
    model.load_weights(recording.path("weights"))
    facts = recording.facts
    optimizer = getattr(optimizers, run["optimizer"])(**run["asked"])
    model.compile(optimizer, facts["loss"], loss_weights=facts["loss_weights"])
    np.testing.assert_allclose(
        train(model, recording, 5), run["losses"], rtol=facts["tolerances"]["loss_rtol"], atol=1e-6
    )


@pytest.mark.filterwarnings("ignore:No training configuration found")
@pytest.mark.parametrize("recording", COMPARABLE, ids=lambda recording: recording.id)
def test_saved_model_predicts_the_same(recording: Recording) -> None:
    compare_predictions(load_model(recording.path("h5")), recording, "yh5")


@pytest.mark.parametrize("recording", TRAINABLE, ids=lambda recording: recording.id)
def test_saved_model_trains_on(recording: Recording, tmp_path: Path) -> None:
    path = shutil.copy(recording.path("h5"), tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = divide_activity_losses(file.attrs["model_config"], recording)
    model = load_model(path)
    np.testing.assert_allclose(
        train(model, recording, 3),
        recording.facts["h5_next"],
        rtol=recording.facts["tolerances"]["loss_rtol"],
        atol=1e-6,
    )
