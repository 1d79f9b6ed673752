"""Models that tf_keras 2.21 and Keras 3.15 wrote, read by the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.models import load_model
from engine.saving import read_definition
from tests.parity.recorded import Recording, read_recordings

RECORDINGS = [*read_recordings("tf_keras"), *read_recordings("keras3")]
# Keras 3 on torch counts the padding in average pooling with `same`; Keras 2 does not.
COUNTS_PADDING = {"keras3-conv2d_dilated_same", "keras3-pool2d_variants"}
COMPARABLE = [recording for recording in RECORDINGS if recording.id not in COUNTS_PADDING]


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.id)
def test_definition_builds_the_recorded_model(recording: Recording) -> None:
    model = read_definition(recording.text()).build()
    assert model.count_params() == recording.facts["n_params"]
    assert len(model.outputs) == len(recording.numbered("y"))


@pytest.mark.filterwarnings("ignore:Error in loading the saved optimizer state")
@pytest.mark.filterwarnings("ignore:No training configuration found")
@pytest.mark.parametrize("recording", COMPARABLE, ids=lambda recording: recording.id)
def test_saved_model_predicts_the_same(recording: Recording) -> None:
    model = load_model(recording.path("h5"))
    model.reset_states()
    outputs = model.predict(recording.data()[0], batch_size=recording.facts["batch_size"])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for own, recorded in zip(outputs, recording.numbered("yh5"), strict=True):
        np.testing.assert_allclose(own, recorded, atol=1e-4, rtol=1e-3)
