"""`.keras` files that tf_keras 2.21 and Keras 3.15 wrote, read and trained by the engine.

Made by `tests/interchange/exchange.py`: inputs `x_0`..., predictions `y_0`..., and the losses of three further steps.
tf_keras's file of Nadam is missing: it lacks a part of the state, and tf_keras itself does not go on from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.models import load_model
from tests.parity.recorded import FIXTURES

ARCHIVES = sorted((FIXTURES / "archives").glob("*/*.keras"))


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_archive_predicts_and_trains_on(path: Path) -> None:
    with np.load(path.with_suffix(".npz")) as archive:
        arrays = {name: archive[name] for name in archive.files}
    is_trained = "losses_keras" in arrays
    model = load_model(path, compile=is_trained)
    inputs = [arrays[f"x_{i}"] for i in range(len(model.inputs))]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
    for number, found in enumerate(outputs if isinstance(outputs, list) else [outputs]):
        np.testing.assert_allclose(found, arrays[f"y_{number}"], atol=1e-5, rtol=1e-4)
    if is_trained:
        targets = np.linspace(-1.0, 1.0, len(inputs[0]) * 2, dtype="float32").reshape(-1, 2)
        losses = [model.train_on_batch(inputs[0], targets) for _ in range(3)]
        np.testing.assert_allclose(losses, arrays["losses_keras"], rtol=2e-5)
