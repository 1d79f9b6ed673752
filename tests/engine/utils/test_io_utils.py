"""HDF5 data sets as arrays."""

from __future__ import annotations

import os
import pickle
import pty
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import layers, models
from engine.utils import HDF5Matrix, io_utils

ROWS = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        file["data"] = ROWS
        file["labels"] = ROWS.sum(axis=1) > 0
    return tmp_path / "file.hdf5"


@pytest.mark.parametrize(
    "key",
    [
        0,
        9,
        -1,
        np.int64(3),
        slice(None),
        slice(2, 5),
        slice(0, 10, 3),
        slice(-3, None),
        [1, 4, 5],
        np.arange(4),
    ],
)
def test_rows_are_counted_from_the_start(path: Path, key: Any) -> None:
    matrix = HDF5Matrix(path, "data", start=5, end=15)
    np.testing.assert_array_equal(matrix[key], ROWS[5:15][key])
    doubled = HDF5Matrix(path, "data", 5, 15, normalizer=lambda x: x * 2)
    np.testing.assert_array_equal(doubled[key], 2 * ROWS[5:15][key])


@pytest.mark.parametrize("key", [10, -11, slice(5, 11), slice(10, 11), [3, 10], np.array([9, 12])])
def test_rows_outside_are_refused(path: Path, key: Any) -> None:
    with pytest.raises(IndexError, match="outside of the 10 rows of '/data'"):
        HDF5Matrix(path, "data", 5, 15)[key]


def test_looks_like_an_array(path: Path) -> None:
    matrix = HDF5Matrix(path, "data", 5, 15)
    assert (len(matrix), matrix.shape, matrix.ndim, matrix.size) == (10, (10, 3), 2, 30)
    assert matrix.dtype == np.float32
    normalized = HDF5Matrix(path, "data", normalizer=lambda x: x[:, :1].astype("float64"))
    assert (normalized.shape, normalized.dtype) == ((20, 1), np.float64)
    assert len(HDF5Matrix(path, "data", 20)[:]) == 0


def test_matrices_of_a_file_share_it_and_close_it(path: Path) -> None:
    first, second = HDF5Matrix(path, "data"), HDF5Matrix(str(path), "labels")
    assert first.data.file.id == second.data.file.id
    del first, second
    assert str(path) not in HDF5Matrix.refs
    with h5py.File(path, "a") as file:
        file["more"] = 1


def test_another_process_opens_the_file_itself(path: Path) -> None:
    again = pickle.loads(pickle.dumps(HDF5Matrix(path, "data", 5, 15, normalizer=np.sign)))
    np.testing.assert_array_equal(again[:], np.sign(ROWS[5:15]))


def test_errors_say_what_is_missing(path: Path) -> None:
    with pytest.raises(KeyError, match=r"no data set 'other'.*'data', 'labels'"):
        HDF5Matrix(path, "other")
    with pytest.raises(ValueError, match="20 rows; rows 5 to 25"):
        HDF5Matrix(path, "data", 5, 25)
    with pytest.raises(FileNotFoundError, match=r"none\.h5"):
        HDF5Matrix(path.parent / "none.h5", "data")


def test_models_train_and_predict_on_them(path: Path) -> None:
    """The manual's example (section 20.2), and training (section 3.3.18)."""
    model = models.Sequential([layers.Dense(1, activation="sigmoid", input_shape=(3,))])
    np.testing.assert_array_equal(model.predict(HDF5Matrix(path, "data")), model.predict(ROWS))
    with h5py.File(path, "r") as file:
        np.testing.assert_array_equal(model.predict(file["data"]), model.predict(ROWS))
    model.compile("sgd", "binary_crossentropy")
    twin = models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile("sgd", "binary_crossentropy")
    labels = HDF5Matrix(path, "labels", normalizer=lambda y: y.reshape(-1, 1))
    model.fit(HDF5Matrix(path, "data"), labels, batch_size=8, shuffle=False, verbose=0)
    twin.fit(ROWS, (ROWS.sum(axis=1) > 0).reshape(-1, 1), batch_size=8, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], twin.get_weights()[0])
    model.fit(HDF5Matrix(path, "data"), labels, batch_size=8, shuffle="batch", verbose=0)
    assert not np.array_equal(model.get_weights()[0], twin.get_weights()[0])


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("n", False)])
def test_a_question_before_a_file_is_replaced(
    path: Path, answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    with open(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert io_utils.ask_to_proceed_with_overwrite(path) is agreed
    os.close(master)


def test_without_a_terminal_nothing_is_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert io_utils.ask_to_proceed_with_overwrite(path) is False
