"""Core layers: what they compute, and what they say of wrong use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential
from engine.registry import custom_object_scope


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    np.random.seed(5)
    with K.isolated_state():
        yield


def run(layer: Any, x: np.ndarray, phase: int = 0, dtype: str | None = None) -> np.ndarray:
    inputs = L.Input(x.shape[1:], dtype=dtype)
    return K.function([inputs, K.learning_phase()], [layer(inputs)])([x, phase])[0]


def draw(*shape: int) -> np.ndarray:
    return np.random.RandomState(0).randn(*shape).astype("float32")


def test_dense_is_a_product_over_the_last_axis() -> None:
    x = draw(2, 3, 4)
    layer = L.Dense(5, activation="relu")
    result = run(layer, x)
    kernel, _ = layer.get_weights()
    bias = draw(5)
    layer.set_weights([kernel, bias])
    assert result.shape == (2, 3, 5)
    np.testing.assert_allclose(run(layer, x), np.maximum(x @ kernel + bias, 0), rtol=1e-5, atol=1e-6)


def test_dense_takes_input_dim_and_needs_a_known_size() -> None:
    assert L.Dense(2, input_dim=7).batch_input_shape == (None, 7)
    with pytest.raises(ValueError, match=r"dense_\d+.*None"):
        L.Dense(2)(L.Input((None,)))
    with pytest.raises(ValueError, match="min_ndim=2"):
        L.Dense(2)(L.Input(batch_shape=(None,)))


def test_first_values_of_weights_can_be_given() -> None:
    kernel, bias = draw(4, 2), draw(2)
    layer = L.Dense(2, weights=[kernel, bias])
    np.testing.assert_allclose(run(layer, draw(3, 4)), draw(3, 4) @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_dropout_keeps_the_expected_sum() -> None:
    result = run(L.Dropout(0.25), np.ones((400, 50)), phase=1)
    np.testing.assert_allclose(np.unique(result), [0, 4 / 3], rtol=1e-6)
    assert abs((result == 0).mean() - 0.25) < 0.01


def test_dropout_does_nothing_in_testing_and_at_the_ends_of_its_range() -> None:
    x = draw(4, 5)
    for layer, phase in ((L.Dropout(0.5), 0), (L.Dropout(0.0), 1), (L.Dropout(1.0), 1)):
        np.testing.assert_array_equal(run(layer, x, phase), x)
    assert L.Dropout(1.5).rate == 1.0
    assert L.Dropout(-1).rate == 0.0


def test_dropout_noise_is_broadcast() -> None:
    result = run(L.Dropout(0.5, noise_shape=(None, 1, 8)), np.ones((20, 6, 8)), phase=1)
    np.testing.assert_array_equal(result, np.repeat(result[:, :1], 6, axis=1))
    assert len(np.unique(result[:, 0])) == 2


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (L.SpatialDropout1D, (8, 5, 6), (1,)),
        (L.SpatialDropout2D, (8, 4, 5, 6), (1, 2)),
        (L.SpatialDropout3D, (8, 3, 4, 5, 6), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer: Any, shape: tuple, axes: tuple) -> None:
    result = run(layer(0.5), np.ones(shape), phase=1)
    np.testing.assert_array_equal(result.min(axis=axes), result.max(axis=axes))
    assert set(np.unique(result)) == {0.0, 2.0}


def test_flatten_is_row_major_over_the_data_format() -> None:
    x = draw(2, 3, 4, 5)
    np.testing.assert_array_equal(run(L.Flatten(), x), x.reshape(2, -1))
    moved = run(L.Flatten(data_format="channels_first"), x)
    np.testing.assert_array_equal(moved, x.transpose(0, 2, 3, 1).reshape(2, -1))
    with pytest.raises(ValueError, match=r"flatten_\d+.*not fully defined"):
        L.Flatten()(L.Input((None, 3)))


def test_flatten_keeps_its_order_whatever_the_image_format_is() -> None:
    x = draw(2, 3, 4, 5)
    K.set_image_data_format("channels_first")
    try:
        np.testing.assert_array_equal(run(L.Flatten(), x), x.reshape(2, -1))
        moved = run(L.Flatten(data_format=None), x)
    finally:
        K.set_image_data_format("channels_last")
    np.testing.assert_array_equal(moved, x.transpose(0, 2, 3, 1).reshape(2, -1))


def test_reshape_fills_in_one_size() -> None:
    x = draw(2, 3, 4)
    np.testing.assert_array_equal(run(L.Reshape((2, -1)), x), x.reshape(2, 2, 6))
    for target, message in (((5, 5), "24|12"), ((-1, 5), "12"), ((-1, -1), "one unknown")):
        with pytest.raises(ValueError, match=message):
            L.Reshape(target)(L.Input((3, 4)))


def test_masking_marks_and_clears_steps() -> None:
    x = draw(2, 4, 3)
    x[0, 1] = x[1, 3] = -2
    x[0, 2, 0] = -2
    inputs = L.Input((4, 3))
    layer = L.Masking(-2.0)
    outputs = layer(inputs)
    values, mask = K.function([inputs], [outputs, layer.get_output_mask_at(0)])([x])
    expected = np.ones((2, 4), bool)
    expected[0, 1] = expected[1, 3] = False
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(values, x * expected[..., None])


def test_embedding_looks_rows_up_and_masks_zero() -> None:
    layer = L.Embedding(5, 3, mask_zero=True)
    inputs = L.Input((None,), dtype="int32")
    outputs = layer(inputs)
    x = np.array([[1, 0, 4], [2, 2, 0]])
    values, mask = K.function([inputs], [outputs, layer.get_output_mask_at(0)])([x])
    np.testing.assert_array_equal(values, layer.get_weights()[0][x])
    np.testing.assert_array_equal(mask, x != 0)
    with pytest.raises(ValueError, match="input_length"):
        L.Embedding(5, 3, input_length=4)(L.Input((6,)))


def test_activity_regularization_adds_to_the_loss() -> None:
    inputs = L.Input((3,))
    model = Model(inputs, L.ActivityRegularization(l1=0.5, l2=0.25)(inputs))
    model.compile("sgd", "mse")
    x = draw(4, 3)
    expected = 0.5 * np.abs(x).sum() + 0.25 * np.square(x).sum()
    assert model.test_on_batch(x, x) == pytest.approx(expected, rel=1e-5)


def double(x: Any, factor: float = 2.0) -> Any:
    return x * factor


def test_lambda_computes_and_infers_its_shape() -> None:
    x = draw(2, 3)
    np.testing.assert_allclose(run(L.Lambda(lambda t: K.concatenate([t, -t])), x), np.concatenate([x, -x], 1))
    np.testing.assert_allclose(run(L.Lambda(double, arguments={"factor": 3.0}), x), 3 * x, rtol=1e-6)
    assert L.Lambda(lambda t: K.sum(t, axis=-1)).compute_output_shape((None, 3)) == (None,)
    assert L.Lambda(double, output_shape=(3,)).compute_output_shape((7, 3)) == (7, 3)


def test_lambda_is_saved_by_the_name_of_its_function_alone() -> None:
    model = Sequential([L.Lambda(double, arguments={"factor": 3.0}, input_shape=(3,))])
    x = draw(2, 3)
    with custom_object_scope({"double": double}):
        copied = Sequential.from_config(model.get_config())
    np.testing.assert_allclose(copied.predict(x), 3 * x, rtol=1e-6)
    with pytest.raises(ValueError, match="double"):
        L.Lambda.from_config(model.layers[0].get_config())
    with pytest.raises(ValueError, match="no name"):
        L.Lambda(lambda t: t).get_config()


def test_lambda_never_runs_code_from_a_configuration() -> None:
    marshalled = {"function": ["4wEAAAA=", None, None], "function_type": "lambda", "name": "evil"}
    with pytest.raises(ValueError, match=r"evil.*code"):
        L.Lambda.from_config(marshalled)


@pytest.mark.parametrize(
    ("layer", "mean", "spread"),
    [(L.GaussianNoise(0.5), 1.0, 0.5), (L.GaussianDropout(0.2), 1.0, 0.5), (L.AlphaDropout(0.2), 1.0, None)],
    ids=["noise", "dropout", "alpha"],
)
def test_noise_has_the_stated_moments(layer: Any, mean: float, spread: float | None) -> None:
    x = np.ones((300, 200), "float32")
    result = run(layer, x, phase=1)
    np.testing.assert_array_equal(run(layer, x, phase=0), x)
    if spread is not None:
        assert result.mean() == pytest.approx(mean, abs=0.01)
        assert result.std() == pytest.approx(spread, rel=0.02)


def test_alpha_dropout_keeps_mean_and_variance_of_normal_inputs() -> None:
    x = np.random.RandomState(0).randn(500, 400).astype("float32")
    result = run(L.AlphaDropout(0.3), x, phase=1)
    assert result.mean() == pytest.approx(0.0, abs=0.01)
    assert result.std() == pytest.approx(1.0, abs=0.01)


def test_advanced_activations() -> None:
    x = np.linspace(-2, 2, 9, dtype="float32").reshape(3, 3)
    np.testing.assert_allclose(run(L.LeakyReLU(0.1), x), np.where(x > 0, x, 0.1 * x), rtol=1e-6)
    np.testing.assert_allclose(
        run(L.ELU(0.5), x), np.where(x > 0, x, 0.5 * np.expm1(x)), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(run(L.ThresholdedReLU(0.5), x), np.where(x > 0.5, x, 0))
    exponentials = np.exp(x)
    np.testing.assert_allclose(
        run(L.Softmax(), x), exponentials / exponentials.sum(-1, keepdims=True), rtol=1e-5
    )
    slopes = L.PReLU(alpha_initializer="ones")
    np.testing.assert_allclose(run(slopes, x), x, rtol=1e-6)


def test_prelu_needs_the_sizes_it_does_not_share() -> None:
    with pytest.raises(ValueError, match="shared_axes"):
        L.PReLU()(L.Input((None, 3)))
    layer = L.PReLU(shared_axes=[1])
    layer(L.Input((None, 3)))
    assert layer.get_weights()[0].shape == (1, 3)
