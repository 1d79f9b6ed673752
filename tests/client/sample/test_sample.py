"""The sample job: its data, its model and its request fit together."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.models import model_from_json

SAMPLE = files("client.sample")


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("sample") / "digits.npz"
    subprocess.run([sys.executable, "-m", "client.sample.dataset", path], check=True)
    with np.load(path, allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(SAMPLE.joinpath("job.json").read_text("utf-8"))
    return read


def test_digits_are_images_from_0_to_1_and_their_numbers(arrays: dict[str, np.ndarray]) -> None:
    shapes = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    assert shapes == {
        "x_train": ((1437, 8, 8, 1), "float32"),
        "y_train": ((1437,), "int64"),
        "x_test": ((360, 8, 8, 1), "float32"),
        "y_test": ((360,), "int64"),
    }
    for name in ("x_train", "x_test"):
        assert (arrays[name].min(), arrays[name].max()) == (0, 1)


def test_every_digit_is_as_frequent_in_both_parts(arrays: dict[str, np.ndarray]) -> None:
    trained, tested = (np.bincount(arrays[name]) / len(arrays[name]) for name in ("y_train", "y_test"))
    np.testing.assert_allclose(trained, tested, atol=0.002)


def test_no_test_digit_is_trained_on(arrays: dict[str, np.ndarray]) -> None:
    trained, tested = ({row.tobytes() for row in arrays[name]} for name in ("x_train", "x_test"))
    assert not trained & tested


def test_model_takes_the_digits_and_is_spelled_as_keras_does(arrays: dict[str, np.ndarray]) -> None:
    text = SAMPLE.joinpath("digits.json").read_text("utf-8")
    model = model_from_json(text)
    assert model.input_shape == (None, *arrays["x_train"].shape[1:])
    assert model.output_shape == (None, len(np.unique(arrays["y_train"])))
    assert json.loads(model.to_json()) == json.loads(text)


def test_request_names_files_and_columns_that_are_there(
    arrays: dict[str, np.ndarray], spec: dict[str, Any]
) -> None:
    assert SAMPLE.joinpath(spec["model"]).is_file()
    assert Path(spec["dataset"]).suffix == ".npz"
    data = spec["data"]
    assert {data["x"], data["y"], *data["validation"].values()} == arrays.keys()
