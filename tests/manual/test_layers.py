"""The samples of chapter 5, on layers, and those of the notes that print the same."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from tests.manual.printed import keras, read_sample, run_sample

# The notes' samples that show a Sequential's shapes: the last one, and the number of weights.
SHAPES: dict[str, tuple[tuple[Any, ...], int]] = {
    "s05_2_1_dense": ((None, 32), 16 * 32 + 32 + 32 * 32 + 32),
    "n1_dense": ((None, 32), 16 * 32 + 32 + 32 * 32 + 32),
    "n3_dense": ((None, 32), 16 * 32 + 32 + 32 * 32 + 32),
    "s05_2_6_reshape": ((None, 3, 2, 2), 0),
    "n1_reshape": ((None, 3, 2, 2), 0),
    "n3_reshape": ((None, 3, 2, 2), 0),
    "s05_2_7_permute": ((None, 64, 10), 0),
    "n3_permute": ((None, 64, 10), 0),
    "s05_2_8_repeat_vector": ((None, 3, 32), 33 * 32),
    "n0_repeat_vector": ((None, 3, 32), 33 * 32),
    "n3_repeat_vector": ((None, 3, 32), 33 * 32),
    "s05_3_7_cropping": ((None, 20, 16, 64), 28 * 64),
    "s05_5_1_local": ((None, 6, 32), 8 * (96 * 64 + 64) + 6 * (192 * 32 + 32)),
    # The first layer's number of weights is the one that the text gives.
    "s05_5_2_local": (
        (None, 28, 28, 32),
        (30 * 30) * (3 * 3 * 3 * 64) + (30 * 30) * 64 + (28 * 28) * (9 * 64 * 32 + 32),
    ),
    "s05_12_1_convolution": ((None, 10, 297, 297, 64), 28 * 64),
    "n4_embedding": ((None, 10, 64), 64000),
    "n1_compile": ((None, 10), 501 * 32 + 330),
}


def promised_shapes(name: str) -> list[tuple[Any, ...]]:
    """Return the shapes that a sample's comments give to `model.output_shape`, in order."""
    found = re.findall(r"model\.output_shape == (\([^)]*\))", read_sample(name))
    return [eval(shape) for shape in found]


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    model = run_sample(name).model
    assert (model.output_shape, model.count_params()) == SHAPES[name]
    shown = [layer.output_shape for layer in model.layers]
    # The fourth note prints a batch of 1000, and says in the same line that the batch is None.
    assert all((None, *shape[1:]) in shown for shape in promised_shapes(name))


@pytest.mark.parametrize("name", ["s05_2_4_flatten", "n1_flatten", "n3_flatten"])
def test_convolution_and_flatten_as_keras_1(name: str) -> None:
    """The text's shapes hold for channels first, which the sample doesn't say."""
    K.set_image_data_format("channels_first")
    with pytest.warns(UserWarning, match="Update your `Conv2D` call to the Keras 2 API"):
        model = run_sample(name).model
    K.set_image_data_format("channels_last")
    assert [layer.output_shape for layer in model.layers] == [(None, 64, 32, 32), (None, 65536)]
    assert promised_shapes(name) in ([], [(None, 64, 32, 32), (None, 65536)])


@pytest.mark.parametrize(
    ("name", "given"),
    [("s05_1_config", {}), ("s05_1_deserialize", {"layer": keras.layers.Dense(32)}), ("n1_layer_config", {})],
)
def test_configs(name: str, given: dict[str, Any]) -> None:
    ended = run_sample(name, **given)
    layer = vars(ended).get("reconstructed_layer", ended.layer)
    assert layer.get_config() == ended.config
    assert layer.units == 32


def test_layers_by_class_name() -> None:
    before = keras.layers.Dense(7, activation="tanh", name="mine")
    after = run_sample("n1_deserialize", layer=before).layer
    assert after is not before
    assert after.get_config() == before.get_config()


@pytest.mark.parametrize("name", ["s05_2_5_input", "n0_input_example"])
def test_logistic_regression(name: str) -> None:
    model = run_sample(name).model
    np.testing.assert_allclose(model.predict(np.random.random((4, 32))).sum(axis=1), 1, rtol=1e-5)


def antirectified(x: np.ndarray) -> np.ndarray:
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.sqrt((x**2).sum(axis=1, keepdims=True))
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)


def test_lambda() -> None:
    x = np.random.normal(size=(6, 5))
    model = keras.models.Sequential([keras.layers.Activation("linear", input_shape=(5,))])
    run_sample("s05_2_9_square", model=model)
    np.testing.assert_allclose(model.predict(x), x**2, rtol=1e-5)
    run_sample("s05_2_9_antirectifier", model=model)
    assert model.output_shape == (None, 10)
    np.testing.assert_allclose(model.predict(x), antirectified(x**2), rtol=1e-4, atol=1e-6)


def test_lambda_of_the_note() -> None:
    x = np.random.normal(size=(6, 5))
    model = keras.models.Sequential([keras.layers.Activation("linear", input_shape=(5,))])
    run_sample("n3_lambda", model=model)
    np.testing.assert_allclose(model.predict(x), antirectified(x**2), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["s05_2_11_masking", "n3_masking"])
def test_masking(name: str) -> None:
    model = run_sample(name, timesteps=7, features=3).model
    x = np.random.random((2, 7, 3))
    x[:, [3, 5]] = 0
    shorter = keras.layers.Input((5, 3))
    unmasked = keras.models.Model(shorter, model.layers[1](shorter))
    np.testing.assert_allclose(
        model.predict(x), unmasked.predict(np.delete(x, [3, 5], axis=1)), rtol=1e-4, atol=1e-6
    )


def test_cells_of_ones_own() -> None:
    ended = run_sample("s05_6_1_rnn", RNN=keras.layers.RNN)
    assert ended.y._keras_shape == (None, 64)
    assert [cell.units for cell in ended.layer.cell.cells] == [32, 64]
    model = keras.models.Model(ended.x, ended.y)
    first, second, third, fourth = model.get_weights()
    x = np.random.random((3, 4, 5))
    lower, upper = np.zeros((3, 32)), np.zeros((3, 64))
    for step in range(4):
        lower = x[:, step] @ first + lower @ second
        upper = lower @ third + upper @ fourth
    np.testing.assert_allclose(model.predict(x), upper, rtol=1e-3, atol=1e-6)


def test_stacked_cells() -> None:
    ended = run_sample("s05_6_9_stacked_cells", output_dim=6, timesteps=5, input_dim=4)
    assert ended.x._keras_shape == (None, 6)
    model = keras.models.Model(ended.inputs, ended.x)
    assert model.predict(np.random.random((2, 5, 4))).shape == (2, 6)


@pytest.mark.parametrize("name", ["s05_7_1_embedding", "n1_embedding"])
def test_embedding(name: str) -> None:
    ended = run_sample(name)
    np.testing.assert_array_equal(ended.output_array, ended.model.get_weights()[0][ended.input_array])


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("s05_8_1_add", np.add),
        ("s05_8_8_add", np.add),
        ("s05_8_2_subtract", np.subtract),
        ("s05_8_9_subtract", np.subtract),
    ],
)
def test_merging(name: str, operation: Any) -> None:
    ended = run_sample(name)
    inputs = [np.random.random((3, 16)), np.random.random((3, 32))]
    ends = keras.models.Model(ended.model.inputs, [ended.x1, ended.x2]).predict(inputs)
    kernel, bias = ended.model.get_weights()[-2:]
    np.testing.assert_allclose(
        ended.model.predict(inputs), operation(*ends) @ kernel + bias, rtol=1e-4, atol=1e-6
    )


def test_time_distributed() -> None:
    model = run_sample("s05_12_1_time_distributed").model
    assert [layer.output_shape for layer in model.layers] == [(None, 10, 8), (None, 10, 32)]
    x = np.random.random((2, 10, 16))
    first, first_bias, second, second_bias = model.get_weights()
    np.testing.assert_allclose(
        model.predict(x), (x @ first + first_bias) @ second + second_bias, rtol=1e-3, atol=1e-5
    )


def test_bidirectional() -> None:
    model = run_sample("s05_12_2_bidirectional").model
    assert [layer.output_shape for layer in model.layers] == [(None, 5, 20), (None, 20), (None, 5), (None, 5)]
    history = model.fit(np.random.random((8, 5, 10)), np.eye(5)[np.random.randint(5, size=8)], verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_own_layer() -> None:
    made = run_sample("s05_13_own_layer").MyLayer
    model = keras.models.Sequential([made(4, input_shape=(3,))])
    assert [weight.name for weight in model.trainable_weights] == ["my_layer_1/kernel:0"]
    x = np.random.random((2, 3))
    np.testing.assert_allclose(model.predict(x), x @ model.get_weights()[0], rtol=1e-5, atol=1e-7)
