"""Batch normalization: what it computes in each phase, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


def make_model(layer: L.BatchNormalization, x: np.ndarray) -> Model:
    inputs = L.Input(x.shape[1:])
    model = Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    return model


def draw(*shape: int) -> np.ndarray:
    return 3 + 2 * np.random.RandomState(0).randn(*shape).astype("float32")


@pytest.mark.parametrize(
    ("shape", "axis"), [((16, 3), -1), ((8, 4, 5, 3), -1), ((8, 3, 4, 5), 1), ((8, 4, 3), 2)]
)
def test_both_phases_and_the_moving_averages(shape: tuple, axis: int) -> None:
    x = draw(*shape)
    layer = L.BatchNormalization(axis=axis, momentum=0.9, epsilon=0.01)
    inputs = L.Input(shape[1:])
    outputs = layer(inputs)
    gamma, beta, moving_mean, moving_variance = (
        np.array(values, "float32") for values in ([1, 2, 3], [0, 1, -1], [1, 0, 2], [2, 1, 3])
    )
    layer.set_weights([gamma, beta, moving_mean, moving_variance])
    axes = tuple(number for number in range(len(shape)) if number != axis % len(shape))
    wide = tuple(3 if number == axis % len(shape) else 1 for number in range(len(shape)))
    mean, variance = x.mean(axes), x.var(axes)

    def normalize(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        gamma_, beta_, mean, variance = (value.reshape(wide) for value in (gamma, beta, mean, variance))
        return gamma_ * (x - mean) / np.sqrt(variance + 0.01) + beta_

    run = K.function([inputs, K.learning_phase()], [outputs], layer.updates)
    tested = K.function([inputs, K.learning_phase()], [outputs])([x, 0])[0]
    np.testing.assert_allclose(tested, normalize(moving_mean, moving_variance), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(run([x, 1])[0], normalize(mean, variance), rtol=1e-4, atol=1e-4)

    count = x.size // 3
    unbiased = variance * count / (count - 1.01)
    if len(shape) == 4 and axis == -1:
        # TensorFlow's fused kernel for images corrects the variance once itself.
        unbiased = unbiased * count / (count - 1)
    _, _, new_mean, new_variance = layer.get_weights()
    np.testing.assert_allclose(new_mean, 0.9 * moving_mean + 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(new_variance, 0.9 * moving_variance + 0.1 * unbiased, rtol=1e-5)


def test_weights_come_and_go_with_center_and_scale() -> None:
    layer = L.BatchNormalization(center=False)
    layer(L.Input((4,)))
    assert [weight.name for weight in layer.weights] == [
        "batch_normalization_1/gamma:0",
        "batch_normalization_1/moving_mean:0",
        "batch_normalization_1/moving_variance:0",
    ]
    assert len(layer.trainable_weights) == 1


@pytest.mark.parametrize("wrap", [False, True], ids=["bare", "time distributed"])
def test_a_frozen_layer_uses_the_batch_and_keeps_its_averages(wrap: bool) -> None:
    x = draw(16, 2, 3)
    layer = L.TimeDistributed(L.BatchNormalization()) if wrap else L.BatchNormalization()
    model = make_model(layer, x)
    before = layer.get_weights()
    target = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 1e-3)
    layer.trainable = False
    model.compile("sgd", "mse")
    assert model.train_on_batch(x, target) == pytest.approx(0.0, abs=1e-6)
    for value, expected in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, expected)
    layer.trainable = True
    model.compile("sgd", "mse")
    model.train_on_batch(x, target)
    assert not np.array_equal(layer.get_weights()[2], before[2])


def test_a_layer_called_in_testing_mode_has_no_updates() -> None:
    layer = L.BatchNormalization()
    inputs = L.Input((3,))
    layer(inputs, training=False)
    assert layer.get_updates_for(inputs) == []
    layer(inputs)
    assert len(layer.get_updates_for(inputs)) == 2


def test_the_number_of_channels_must_be_known() -> None:
    with pytest.raises(ValueError, match="batch_normalization_1"):
        L.BatchNormalization()(L.Input((None,)))
