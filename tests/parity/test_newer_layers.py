"""Layers of tf_keras 2.21 and Keras 3.15 that Keras 2.1.6 lacks: read, run and trained as there."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import optimizers
from engine.layers.registry import LAYERS
from engine.models import load_model
from engine.saving import read_definition
from engine.saving.dialects import class_in_keras_2
from tests.parity.recorded import FIXTURES

FOLDER = FIXTURES / "newer"
ORACLES = ("keras3", "tf_keras")
INDEX = {oracle: json.loads((FOLDER / oracle / "index.json").read_text()) for oracle in ORACLES}
MODELS = [
    pytest.param(oracle, facts, id=f"{oracle}-{facts['name']}")
    for oracle in ORACLES
    for facts in INDEX[oracle]["models"]
]


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


@pytest.fixture
def path(oracle: str, facts: dict[str, Any], tmp_path: Path) -> Path:
    with zipfile.ZipFile(FOLDER / oracle / "models.zip") as archive:
        return Path(archive.extract(f"{facts['name']}.h5", tmp_path))


def read_arrays(oracle: str, name: str, letter: str) -> list[np.ndarray]:
    with np.load(FOLDER / oracle / "arrays.npz") as archive:
        count = sum(key.startswith(f"{name}/{letter}_") for key in archive.files)
        return [archive[f"{name}/{letter}_{number}"] for number in range(count)]


def unpack_single(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


@pytest.mark.filterwarnings("ignore:No training configuration found")
@pytest.mark.parametrize(("oracle", "facts"), MODELS)
def test_model_predicts_and_trains_as_recorded(oracle: str, facts: dict[str, Any], path: Path) -> None:
    model = load_model(path)
    inputs, outputs = (read_arrays(oracle, facts["name"], letter) for letter in "xy")
    predicted = model.predict(unpack_single(inputs))
    for own, recorded in zip(predicted if isinstance(predicted, list) else [predicted], outputs, strict=True):
        assert own.dtype == recorded.dtype
        np.testing.assert_allclose(own, recorded, rtol=1e-5, atol=2e-6)
    if facts["losses"] is None:
        return
    model.compile(optimizers.SGD(lr=0.1), "mse")
    targets = unpack_single([np.ones_like(output) * 0.3 for output in outputs])
    results = [model.train_on_batch(unpack_single(inputs), targets) for _ in facts["losses"]]
    losses = [np.ravel(result)[0] for result in results]
    # Steps of the trained RMS amplify rounding.
    np.testing.assert_allclose(losses, facts["losses"], rtol=3e-5)


@pytest.mark.parametrize(("oracle", "facts"), MODELS)
def test_definition_builds_and_comes_back_from_its_own_json(
    oracle: str, facts: dict[str, Any], path: Path
) -> None:
    with h5py.File(path) as file:
        model = read_definition(file.attrs["model_config"]).build()
    assert model.count_params() == facts["parameters"]
    with K.isolated_state():
        again = read_definition(model.to_json()).build()
        assert again.count_params() == facts["parameters"]
        assert again.to_json() == model.to_json()
        assert [output.shape for output in again.outputs] == [output.shape for output in model.outputs]


@pytest.mark.parametrize("oracle", ORACLES)
def test_every_layer_is_supported_or_refused_with_a_reason(oracle: str) -> None:
    names = INDEX[oracle]["layers"]
    assert len(names) > 90
    missing = [name for name in names if class_in_keras_2(name) not in LAYERS.objects]
    unexplained = [name for name in missing if "is not supported: " not in LAYERS.explain(name)]
    assert unexplained == []
