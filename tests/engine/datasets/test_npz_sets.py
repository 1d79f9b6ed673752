"""MNIST, Boston housing, IMDB and Reuters, the last three against what tf_keras made of the same files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import boston_housing, imdb, mnist, reuters

RECORDED = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "datasets" / "tf_keras.json").read_text(encoding="utf-8")
)
MODULES: dict[str, Any] = {"imdb": imdb, "reuters": reuters, "boston_housing": boston_housing}


def make_npz(arrays: dict[str, list[Any]]) -> bytes:
    """Return an `.npz` file; lists of different lengths become arrays of objects, as in the real ones."""
    made = {}
    for name, rows in arrays.items():
        ragged = isinstance(rows[0], list) and not isinstance(rows[0][0], float)
        made[name] = np.empty(len(rows), dtype=object) if ragged else np.asarray(rows)
        made[name][:] = rows
    buffer = io.BytesIO()
    np.savez(buffer, **made)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in MODULES for case in RECORDED[name]], ids=str
)
def test_same_parts_as_tf_keras(publish: Callable[..., None], name: str, case: dict[str, Any]) -> None:
    publish(MODULES[name], make_npz(RECORDED["files"][name]))
    parts = MODULES[name].load_data(**case["arguments"])
    assert [[array.tolist() for array in part] for part in parts] == case["result"]
    for x, y in parts:
        assert x.dtype == (np.float64 if name == "boston_housing" else object)
        assert len(x) == len(y)


@pytest.mark.parametrize("module", [imdb, reuters])
def test_words(publish: Callable[..., None], module: Any, keras_home: Path) -> None:
    """The manual's examples (sections 12.3 and 12.4)."""
    publish(module, json.dumps({"giraffe": 1234, "été": 5}).encode(), "WORD_INDEX_")
    assert module.get_word_index()["giraffe"] == 1234
    assert module.get_word_index(path="words.json") == {"giraffe": 1234, "été": 5}
    assert (keras_home / "datasets" / "words.json").exists()


def test_arguments_of_keras_1_and_wrong_ones(publish: Callable[..., None]) -> None:
    publish(imdb, make_npz(RECORDED["files"]["imdb"]))
    with pytest.warns(UserWarning, match="now called `num_words`"):
        (x_train, _), _ = imdb.load_data(nb_words=9, skip_top=4)
    assert x_train.tolist() == RECORDED["imdb"][1]["result"][0][0]
    with pytest.raises(TypeError, match="words"):
        imdb.load_data(words=9)
    with pytest.raises(ValueError, match="maxlen=1,"):
        imdb.load_data(maxlen=1)
    with pytest.raises(ValueError, match=r"1\.0"):
        boston_housing.load_data(test_split=1.0)


def test_the_global_generator_is_left_alone(publish: Callable[..., None]) -> None:
    publish(imdb, make_npz(RECORDED["files"]["imdb"]))
    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    imdb.load_data()
    assert np.random.random() == expected


def test_mnist(publish: Callable[..., None], keras_home: Path, web: Any) -> None:
    """The manual's example (section 12.5)."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (2, 28, 28), dtype=np.uint8),
        "y_test": np.arange(2, dtype=np.uint8),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    publish(mnist, buffer.getvalue())
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
        np.testing.assert_array_equal(x_train, arrays["x_train"])
        np.testing.assert_array_equal(y_train, arrays["y_train"])
        np.testing.assert_array_equal(x_test, arrays["x_test"])
        np.testing.assert_array_equal(y_test, arrays["y_test"])
        assert x_train.dtype == np.uint8
    assert len(web.ranges) == 1
    mnist.load_data(path="mine.npz")
    assert (keras_home / "datasets" / "mine.npz").exists()
