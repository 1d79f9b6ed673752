"""Weights in the layout of `.weights.h5` of later lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.models import Sequential
from engine.saving import nested_weights


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def make_model(*names: str) -> Any:
    first, second = names or ("first", "second")
    return Sequential(
        [
            layers.Bidirectional(layers.LSTM(3), input_shape=(4, 2), name=first),
            layers.Dense(2, name=second),
        ]
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        nested_weights.write_weights(file, make_model())
    return tmp_path / "w.weights.h5"


def test_groups_are_named_by_classes_and_attributes(path: Path) -> None:
    with h5py.File(path) as file:
        assert sorted(file["layers"]) == ["bidirectional", "dense"]
        assert file["layers/dense/vars"].attrs["name"] == "second"
        assert sorted(file["layers/bidirectional"]) == ["backward_layer", "forward_layer", "vars"]
        assert file["layers/bidirectional/backward_layer/cell/vars/1"].shape == (3, 12)


@pytest.mark.parametrize(
    ("class_name", "expected"),
    [
        ("Conv2DTranspose", "conv2d_transpose"),
        ("ConvLSTM2D", "conv_lstm2d"),
        ("PReLU", "p_re_lu"),
        ("RNN", "rnn"),
    ],
)
def test_group_names(class_name: str, expected: str) -> None:
    assert nested_weights.to_group_name(class_name) == expected


def test_other_names_are_matched_by_order(path: Path) -> None:
    model = make_model("a", "b")
    model.load_weights(path)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(model.get_layer("b").get_weights()[0], file["layers/dense/vars/0"])


def test_own_names_come_before_the_order(tmp_path: Path) -> None:
    def stack(*names: str) -> Any:
        return Sequential([layers.Dense(2, input_shape=(2,), name=names[0]), layers.Dense(2, name=names[1])])

    saved, loaded = stack("a", "b"), stack("b", "a")
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        nested_weights.write_weights(file, saved)
    loaded.load_weights(tmp_path / "w.weights.h5")
    for name in "ab":
        for own, expected in zip(
            loaded.get_layer(name).get_weights(), saved.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(own, expected)


def test_by_name_takes_layers_of_the_same_name(path: Path) -> None:
    model = make_model("other", "second")
    before = model.get_layer("other").get_weights()[0]
    model.load_weights(path, by_name=True)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(model.get_layer("second").get_weights()[0], file["layers/dense/vars/0"])
    np.testing.assert_array_equal(model.get_layer("other").get_weights()[0], before)


def test_by_name_needs_names(path: Path) -> None:
    with h5py.File(path, "a") as file:
        for group in file["layers"].values():
            del group["vars"].attrs["name"]
    with pytest.raises(ValueError, match="the order of the layers only"):
        make_model().load_weights(path, by_name=True)


def test_mismatch_changes_nothing_and_says_where(path: Path) -> None:
    model = Sequential(
        [layers.Bidirectional(layers.LSTM(3), input_shape=(4, 2)), layers.Dense(5)],
    )
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"shape \(6, 5\).*'layers/dense' has shape \(6, 2\)"):
        model.load_weights(path)
    for own, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, expected)


def test_other_numbers_of_layers_are_told(path: Path) -> None:
    model = Sequential([layers.Dense(2, input_shape=(6,))])
    with pytest.raises(ValueError, match=r"weights of 2 objects at 'layers'.*the model has 1"):
        model.load_weights(path)
