"""The engine against models that real Keras 2.1.6 built, saved and trained."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import optimizers
from engine.models import load_model, model_from_json
from tests.parity.recorded import Recording, read_recordings, summarise

RECORDINGS = read_recordings("keras216")
COMPILED = [recording for recording in RECORDINGS if recording.facts["compiled"]]
RUNS = [
    pytest.param(recording, number, id=f"{recording.id}-{run['optimizer']}-{number}")
    for recording in COMPILED
    if recording.facts["deterministic"]
    for number, run in enumerate(recording.facts["runs"])
]
# A bias in front of BatchNormalization has no derivative but rounding's, which Adam scales up to steps of full
# size; the mean behind it follows.
ROUNDING_NOISE = {
    ("conv2d_channels_first", "Adam"): ("conv2d_1/bias:0", "batch_normalization_1/moving_mean:0"),
    ("bn_sequence", "Adam"): ("conv1d_1/bias:0", "batch_normalization_1/moving_mean:0"),
}


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def build(recording: Recording) -> Any:
    model = model_from_json(recording.text())
    model.load_weights(recording.path("weights"))
    return model


def compile_as_recorded(model: Any, recording: Recording, optimizer: Any, metrics: Any = None) -> None:
    facts = recording.facts
    model.compile(
        optimizer,
        facts["loss"],
        metrics=metrics,
        loss_weights=facts["loss_weights"],
        sample_weight_mode=facts["sample_weight_mode"],
    )


def predict(model: Any, recording: Recording) -> list[np.ndarray]:
    model.reset_states()
    x, _, _ = recording.data()
    outputs = model.predict(x, batch_size=recording.facts["batch_size"])
    return outputs if isinstance(outputs, list) else [outputs]


def as_list(value: Any) -> list[float]:
    return list(value) if isinstance(value, list) else [value]


def strip(value: Any) -> Any:
    return {key: item for key, item in value.items() if key not in ("backend", "keras_version")}


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.id)
class TestRecordedModel:
    def test_json_round_trip(self, recording: Recording) -> None:
        model = model_from_json(recording.text())
        assert strip(json.loads(model.to_json())) == strip(json.loads(recording.text()))

    def test_weights_have_keras_names_order_and_number(self, recording: Recording) -> None:
        model = build(recording)
        names = [weight.name for layer in model.layers for weight in layer.weights]
        assert names == recording.facts["weight_names"]
        assert model.count_params() == recording.facts["n_params"]
        for own, recorded in zip(model.get_weights(), recording.numbered("w"), strict=True):
            np.testing.assert_array_equal(own, recorded)

    def test_predictions(self, recording: Recording) -> None:
        tolerance = recording.facts["tolerances"]["predict_atol"]
        for own, recorded in zip(predict(build(recording), recording), recording.numbered("y"), strict=True):
            np.testing.assert_allclose(own, recorded, atol=tolerance, rtol=1e-4)


@pytest.mark.parametrize(("recording", "number"), RUNS)
def test_training_losses_and_weights(recording: Recording, number: int) -> None:
    run = recording.facts["runs"][number]
    model = build(recording)
    compile_as_recorded(model, recording, getattr(optimizers, run["optimizer"])(**run["asked"]))
    assert model.optimizer.get_config() == pytest.approx(run["config"])
    model.reset_states()
    x, t, weights = recording.data()
    losses = [as_list(model.train_on_batch(x, t, sample_weight=weights)) for _ in range(5)]
    np.testing.assert_allclose(
        losses, run["losses"], rtol=recording.facts["tolerances"]["loss_rtol"], atol=1e-6
    )
    names = [weight.name for layer in model.layers for weight in layer.weights]
    recorded_weights = recording.numbered(f"run{number}_w")
    for name, own, recorded in zip(names, model.get_weights(), recorded_weights, strict=True):
        if name in ROUNDING_NOISE.get((recording.facts["name"], run["optimizer"]), ()):
            continue
        np.testing.assert_allclose(
            summarise(own).ravel(),
            recorded.ravel(),
            atol=recording.facts["tolerances"]["weights_atol"]
            * max(1.0, np.sqrt(own.size) if own.size > 40 else 1),
            rtol=1e-3,
        )


@pytest.mark.parametrize("recording", COMPILED, ids=lambda recording: recording.id)
def test_saved_model_predicts_and_trains_on(recording: Recording) -> None:
    model = load_model(recording.path("h5"))
    # Keras's files do not hold `weighted_metrics`.
    if recording.facts["metrics_names"] and not recording.facts["weighted_metrics"]:
        assert model.metrics_names == recording.facts["metrics_names"]
    tolerance = recording.facts["tolerances"]
    for own, recorded in zip(predict(model, recording), recording.numbered("yh5"), strict=True):
        np.testing.assert_allclose(own, recorded, atol=tolerance["predict_atol"] * 5, rtol=1e-3)
    if not recording.facts["deterministic"]:
        return
    model.reset_states()
    x, t, weights = recording.data()
    results = [as_list(model.train_on_batch(x, t, sample_weight=weights)) for _ in range(3)]
    np.testing.assert_allclose(
        results, recording.facts["h5_next"], rtol=tolerance["loss_rtol"] * 5, atol=1e-5
    )
