"""Layers of Keras 1: what they compute, and models made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential, load_model, model_from_json


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def draw(*shape: int) -> np.ndarray:
    return np.random.RandomState(sum(shape)).randn(*shape).astype("float32")


A, B = draw(2, 3), draw(2, 3) + 1
COSINE = (A * B).sum(1) / np.sqrt((A**2).sum(1) * (B**2).sum(1))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("sum", A + B),
        ("mul", A * B),
        ("ave", (A + B) / 2),
        ("max", np.maximum(A, B)),
        ("concat", np.concatenate([A, B], axis=1)),
        ("dot", (A * B).sum(1, keepdims=True)),
        ("cos", COSINE[:, None, None]),
        (lambda pair: pair[0] - 2 * pair[1], A - 2 * B),
    ],
)
def test_modes_of_merge(mode: Any, expected: np.ndarray) -> None:
    inputs = [L.Input((3,)), L.Input((3,))]
    with pytest.warns(UserWarning, match="functions in place of `merge`"):
        output = L.merge(inputs, mode=mode, dot_axes=1)
    assert output.shape[1:] == expected.shape[1:]
    np.testing.assert_allclose(Model(inputs, output).predict([A, B]), expected, rtol=1e-4, atol=1e-6)


def test_an_unknown_mode_is_told() -> None:
    with pytest.raises(ValueError, match="Invalid merge mode: 'sub'"):
        L.Merge(mode="sub")


def difference(pair: Any) -> Any:
    return pair[0] - pair[1]


def test_a_function_is_saved_by_its_name() -> None:
    inputs = [L.Input((3,)), L.Input((3,))]
    text = Model(inputs, L.Merge(mode=difference)(inputs)).to_json()
    with pytest.raises(ValueError, match="difference"):
        model_from_json(text)
    model = model_from_json(text, {"difference": difference})
    np.testing.assert_allclose(model.predict([A, B]), A - B, rtol=1e-5)


def make_branches() -> Any:
    left, right = (Sequential([L.Dense(4, input_shape=(3,), name=name)]) for name in ("left", "right"))
    return Sequential([L.Merge([left, right], mode="concat"), L.Dense(1, name="top")])


def test_a_sequential_model_of_two_branches_trains_and_is_saved(tmp_path: Path) -> None:
    model = make_branches()
    assert [layer.name for layer in model.layers] == ["left", "right", "merge_1", "top"]
    model.compile("sgd", "mse")
    losses = [model.train_on_batch([A, B], np.ones((2, 1))) for _ in range(20)]
    assert losses[-1] < losses[0]
    (lw, lb), (rw, rb), (tw, tb) = (model.get_layer(name).get_weights() for name in ("left", "right", "top"))
    both = np.concatenate([A @ lw + lb, B @ rw + rb], axis=1)
    np.testing.assert_allclose(model.predict([A, B]), both @ tw + tb, rtol=1e-4, atol=1e-5)

    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(again.predict([A, B]), model.predict([A, B]))
    assert again.to_json() == model.to_json()


def test_maxout_takes_the_greatest_product() -> None:
    model = Sequential([L.MaxoutDense(2, nb_feature=5, input_dim=3)])
    w, b = draw(5, 3, 2), draw(5, 2)
    model.set_weights([w, b])
    np.testing.assert_allclose(
        model.predict(A), (np.einsum("ni,fio->nfo", A, w) + b).max(1), rtol=1e-4, atol=1e-5
    )


def test_highway_mixes_a_product_and_its_input() -> None:
    model = Sequential([L.Highway(activation="tanh", input_dim=3)])
    np.testing.assert_array_equal(model.get_weights()[3], np.ones(3))
    w, gate, b, gate_b = draw(3, 3), draw(3, 3) + 1, draw(3), draw(3) - 1
    model.set_weights([w, gate, b, gate_b])
    share = 1 / (1 + np.exp(-(A @ gate + gate_b)))
    expected = share * np.tanh(A @ w + b) + (1 - share) * A
    np.testing.assert_allclose(model.predict(A), expected, rtol=1e-4, atol=1e-5)


def test_convolutions_with_gaps() -> None:
    with pytest.warns(UserWarning, match="Keras 2 API"):
        layer = L.AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2), border_mode="same")
    assert (type(layer), layer.dilation_rate, layer.padding) == (L.Conv2D, (2, 2), "same")
    assert L.AtrousConvolution1D(4, 3, atrous_rate=2).dilation_rate == (2,)


def test_a_time_distributed_dense_layer_is_a_dense_one() -> None:
    with pytest.warns(UserWarning, match="Keras 2 API"):
        layer = L.TimeDistributedDense(4, input_dim=3, input_length=5, bias=False)
    assert Sequential([layer]).output_shape == (None, 5, 4)
