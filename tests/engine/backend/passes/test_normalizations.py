"""Normalisation folded into convolutions, and relu in place, change no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.layers import (
    Activation,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv3D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Input,
    SeparableConv2D,
    add,
)
from engine.models import Model, Sequential

FIRST: dict[str, tuple[tuple[int, ...], Callable[..., Any]]] = {
    "conv1d": ((9, 3), lambda **each: Conv1D(4, 3, **each)),
    "conv2d": ((8, 9, 3), lambda **each: Conv2D(4, 3, strides=2, **each)),
    "conv3d": ((5, 5, 5, 2), lambda **each: Conv3D(3, 2, **each)),
    "depthwise": ((8, 8, 3), lambda **each: DepthwiseConv2D(3, depth_multiplier=2, **each)),
    "separable": ((8, 8, 3), lambda **each: SeparableConv2D(4, 3, **each)),
}


def _list_calls(model: Any, kind: str) -> list[str]:
    lowering = model._step(kind)._function.lower(int(kind == "train"))
    lowering.compile()
    return [node.target.__name__ for node in lowering.module.graph.nodes if node.op == "call_function"]


def _predict(name: str, use_bias: bool, **settings: Any) -> tuple[list[np.ndarray], list[str]]:
    """Return predictions before and after the weights are set, and after they are trained."""
    generator = np.random.default_rng(0)
    np.random.seed(0)
    shape, make_layer = FIRST[name]
    model = Sequential([make_layer(use_bias=use_bias, input_shape=shape)])
    model.add(BatchNormalization(**settings))
    model.add(Activation("relu"))
    model.compile("sgd", "mse")
    x = generator.standard_normal((6, *shape))
    outputs = [model.predict(x)]
    model.set_weights([generator.random(weight.shape) + 0.5 for weight in model.get_weights()])
    outputs.append(model.predict(x))
    model.train_on_batch(x, np.zeros_like(outputs[0]))
    outputs.append(model.predict(x))
    return outputs, _list_calls(model, "predict")


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    "settings", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}], ids=str
)
@pytest.mark.parametrize("name", FIRST)
def test_folded_predictions_are_those_of_two_layers(
    name: str, settings: dict[str, Any], use_bias: bool, without_passes: Any
) -> None:
    plain, plain_calls = without_passes(lambda: _predict(name, use_bias, **settings))
    own, calls = _predict(name, use_bias, **settings)
    assert "batch_normalization" in plain_calls
    assert "batch_normalization" not in calls
    # Weights are multiplied before they are rounded to sums, not after.
    for result, reference in zip(own, plain, strict=True):
        np.testing.assert_allclose(result, reference, rtol=2e-5, atol=2e-6)
    assert not np.allclose(own[0], own[1])
    assert not np.allclose(own[1], own[2])


def test_a_convolution_that_others_read_is_not_folded() -> None:
    image = Input((6, 6, 2))
    convolved = Conv2D(2, 3)(image)
    model = Model(image, [convolved, BatchNormalization()(convolved)])
    outer, normalized = model.predict(np.ones((2, 6, 6, 2)))
    np.testing.assert_allclose(normalized, outer / np.sqrt(1.001), rtol=1e-5)


def test_channels_first_and_numbers_of_other_shapes_stay_apart(list_calls: Any) -> None:
    x = K.placeholder((None, 5, 5, 2))
    kernel = K.variable(np.ones((3, 3, 2, 2)))
    mean, variance = (K.variable(np.full((1, 1, 1, 2), value)) for value in (1.0, 4.0))
    normalized = K.batch_normalization(K.conv2d(x, kernel), mean, variance, None, None, epsilon=0.0)
    function = K.function([x], [normalized])
    assert "batch_normalization" in list_calls(function)
    np.testing.assert_allclose(function([np.ones((1, 5, 5, 2))])[0], np.full((1, 3, 3, 2), 8.5))


def _train_residual() -> tuple[list[np.ndarray], list[str]]:
    generator = np.random.default_rng(0)
    image = Input((6, 6, 2))
    x = Activation("relu")(BatchNormalization()(Conv2D(4, 3, padding="same", use_bias=False)(image)))
    inner = BatchNormalization()(Conv2D(4, 3, padding="same", use_bias=False)(x))
    x = Activation("relu")(add([x, inner]))
    model = Model(image, Dense(2)(GlobalAveragePooling2D()(x)))
    model.compile("adam", "mse")
    model.set_weights([generator.random(weight.shape) for weight in model.get_weights()])
    model.fit(
        generator.standard_normal((12, 6, 6, 2)),
        generator.random((12, 2)),
        batch_size=4,
        verbose=0,
        shuffle=False,
    )
    return model.get_weights(), _list_calls(model, "train")


def test_training_with_relu_in_place_is_that_with_relu_apart(without_passes: Any) -> None:
    plain, plain_calls = without_passes(_train_residual)
    own, calls = _train_residual()
    assert plain_calls.count("relu") == 2
    assert "relu" not in calls
    assert calls.count("relu_") == 1
    for result, reference in zip(own, plain, strict=True):
        np.testing.assert_array_equal(result, reference)


@pytest.mark.parametrize("axis", [1, -1])
def test_second_derivatives_go_through_relu_in_place(axis: int, without_passes: Any) -> None:
    values = np.random.default_rng(0).standard_normal((4, 3, 5))

    def compute() -> list[np.ndarray]:
        x = K.placeholder((None, 3, 5))
        gamma = K.variable(np.linspace(0.5, 1.5, 3 if axis == 1 else 5))
        others = [0, 2] if axis == 1 else [0, 1]
        normalized = K.normalize_batch_in_training(x, gamma, gamma, others)[0]
        (slope,) = K.gradients(K.sum(K.square(K.relu(normalized)) * 0.5 + K.relu(x + normalized)), [x])
        return K.function([x], K.gradients(K.sum(K.square(slope)), [x, gamma]))([values])

    for result, reference in zip(compute(), without_passes(compute), strict=True):
        np.testing.assert_allclose(result, reference, rtol=1e-4, atol=1e-5)
