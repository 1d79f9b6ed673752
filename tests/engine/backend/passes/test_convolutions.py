"""Biases and relu in convolutions' kernels, and relu behind maxima, change no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.layers import (
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    SeparableConv1D,
    SeparableConv2D,
)
from engine.models import Sequential

MODELS: dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]] = {
    "conv1d": ((9, 3), lambda: [Conv1D(4, 3, activation="relu", padding="causal"), MaxPooling1D(2)]),
    "conv2d": ((8, 9, 3), lambda: [Conv2D(4, 3, activation="relu"), Conv2D(5, 3, activation="relu")]),
    "conv2d strided": ((9, 9, 3), lambda: [Conv2D(4, 3, strides=2, activation="relu", padding="same")]),
    "conv2d dilated": ((9, 9, 3), lambda: [Conv2D(4, 3, dilation_rate=2, activation="relu")]),
    "conv2d without bias": ((8, 8, 2), lambda: [Conv2D(4, 3, activation="relu", use_bias=False)]),
    "channels first": (
        (3, 8, 8),
        lambda: [
            Conv2D(4, 3, activation="relu", data_format="channels_first"),
            MaxPooling2D(2, data_format="channels_first"),
        ],
    ),
    "conv3d": ((5, 5, 5, 2), lambda: [Conv3D(3, 2, activation="relu"), MaxPooling3D(2, padding="same")]),
    "depthwise": ((8, 8, 3), lambda: [DepthwiseConv2D(3, activation="relu", depth_multiplier=2)]),
    "separable": ((8, 8, 3), lambda: [SeparableConv2D(4, 3, activation="relu"), GlobalMaxPooling2D()]),
    "separable1d": ((9, 3), lambda: [SeparableConv1D(4, 3, activation="relu")]),
    "transposed": ((5, 5, 3), lambda: [Conv2DTranspose(4, 3, strides=2, activation="relu")]),
    "dense": ((6,), lambda: [Dense(8, activation="relu"), Dense(8, activation="relu")]),
    "pools": ((12, 12, 2), lambda: [Conv2D(6, 3, activation="relu", padding="same"), MaxPooling2D(3, 2)]),
}


def _train(name: str) -> tuple[list[np.ndarray], np.ndarray, list[str]]:
    shape, make_layers = MODELS[name]
    generator = np.random.default_rng(0)
    first, *others = make_layers()
    with_shape = type(first).from_config({**first.get_config(), "batch_input_shape": (None, *shape)})
    model = Sequential([with_shape, *others])
    if len(model.output_shape) > 2:
        model.add(Flatten())
    model.add(Dense(2))
    model.compile("sgd", "mse")
    model.set_weights([generator.standard_normal(weight.shape) * 0.3 for weight in model.get_weights()])
    x, y = generator.standard_normal((12, *shape)), generator.standard_normal((12, 2))
    model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    lowering = model._step("train")._function.lower(1)
    lowering.compile()
    calls = [node.target.__name__ for node in lowering.module.graph.nodes if node.op == "call_function"]
    return model.get_weights(), model.predict(x), calls


@pytest.mark.parametrize("name", MODELS)
def test_training_and_predictions_are_those_of_separate_kernels(name: str, without_passes: Any) -> None:
    plain_weights, plain_outputs, plain_calls = without_passes(lambda: _train(name))
    weights, outputs, calls = _train(name)
    assert len(calls) < len(plain_calls) or name == "conv2d without bias"
    assert "bias_add" not in calls
    # One kernel adds a bias before it rounds, two after.
    for own, reference in zip(weights, plain_weights, strict=True):
        np.testing.assert_allclose(own, reference, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(outputs, plain_outputs, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_relu_behind_maxima_is_the_same_to_the_last_bit(
    padding: str, without_passes: Any, list_calls: Any
) -> None:
    # Whole numbers: many maxima are shared by several cells, and many are zero.
    values = np.random.default_rng(0).integers(-3, 3, (4, 7, 7, 2)).astype("float32")
    weights = np.random.default_rng(1).standard_normal((4, *((3, 3) if padding == "valid" else (4, 4)), 2))

    def compute() -> tuple[list[np.ndarray], list[str]]:
        x = K.placeholder((None, 7, 7, 2))
        pooled = K.pool2d(K.relu(x), (2, 2), (2, 2), padding)
        overall = K.max(K.relu(x), axis=(1, 2))
        loss = K.sum(pooled * K.constant(weights)) + K.sum(overall * 3.0)
        function = K.function([x], [pooled, overall, *K.gradients(loss, [x])])
        return function([values]), list_calls(function)

    plain, plain_calls = without_passes(compute)
    own, calls = compute()
    assert plain_calls.index("relu") < plain_calls.index("pool2d")
    assert calls.index("pool2d") < calls.index("relu")
    for result, reference in zip(own, plain, strict=True):
        np.testing.assert_array_equal(result, reference)


def test_what_others_read_stays_as_it_is(list_calls: Any) -> None:
    x = K.placeholder((None, 6, 6, 2))
    kernel, bias = K.variable(np.ones((3, 3, 2, 4))), K.variable(np.ones(4))
    convolved = K.conv2d(x, kernel)
    rectified = K.relu(K.bias_add(convolved, bias))
    pooled = K.pool2d(rectified, (2, 2))
    calls = list_calls(K.function([x], [convolved, rectified, pooled]))
    assert [name for name in calls if name in ("conv2d", "bias_add", "relu", "pool2d")] == [
        "conv2d",
        "bias_add",
        "relu",
        "pool2d",
    ]


def test_other_slopes_and_averages_stay_before_the_pool(list_calls: Any) -> None:
    x = K.placeholder((None, 6, 6, 2))
    outputs = [
        K.pool2d(K.relu(x, alpha=0.1), (2, 2)),
        K.pool2d(K.relu(x), (2, 2), pool_mode="avg"),
    ]
    calls = list_calls(K.function([x], outputs))
    assert [name for name in calls if name in ("relu", "pool2d")] == ["relu", "pool2d"] * 2


def test_second_derivatives_go_through_a_rectified_convolution(without_passes: Any, list_calls: Any) -> None:
    generator = np.random.default_rng(0)
    values, kernel = generator.standard_normal((2, 6, 6, 2)), generator.standard_normal((3, 3, 2, 3))

    def compute() -> tuple[list[np.ndarray], list[str]]:
        x, weight = K.placeholder((None, 6, 6, 2)), K.variable(kernel)
        (slope,) = K.gradients(K.sum(K.square(K.relu(K.conv2d(x, weight)))), [x])
        function = K.function([x], K.gradients(K.sum(K.square(slope)), [weight, x]))
        return function([values]), list_calls(function)

    plain, plain_calls = without_passes(compute)
    own, calls = compute()
    assert "relu" in plain_calls
    assert "relu" not in calls
    for result, reference in zip(own, plain, strict=True):
        np.testing.assert_allclose(result, reference, rtol=1e-4, atol=1e-4)
