"""Layers and cells of one's own, written as the manual's chapters 5 and 14 show."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from engine import Input, Model, Sequential
from engine import backend as K
from engine import layers as L
from engine.layers import RNN, Layer


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    np.random.seed(3)
    with K.isolated_state():
        yield


class MyLayer(Layer):
    """The skeleton of section 5.13: attributes before the base's constructor, `build` that calls the base's."""

    def __init__(self, output_dim: int, **kwargs: Any) -> None:
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.output_dim)


class ConfiguredLayer(MyLayer):
    """The same with a configuration, so that models that hold it can be saved."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_dim": self.output_dim}


class MinimalRNNCell(Layer):
    """The cell of section 5.6.1."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
        )
        self.built = True

    def call(self, inputs: Any, states: Any) -> Any:
        prev_output = states[0]
        h = K.dot(inputs, self.kernel)
        output = h + K.dot(prev_output, self.recurrent_kernel)
        return output, [output]


def test_the_skeleton_trains() -> None:
    model = Sequential([MyLayer(4, input_shape=(3,)), L.Dense(2)])
    assert model.layers[0].name == "my_layer_1"
    assert [weight.name for weight in model.layers[0].weights] == ["my_layer_1/kernel:0"]
    assert model.layers[0].output_shape == (None, 4)
    x = np.random.rand(5, 3)
    kernel, dense, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(x), x @ kernel @ dense + bias, rtol=1e-4, atol=1e-6)
    model.compile("sgd", "mse")
    losses = [model.train_on_batch(x, np.ones((5, 2))) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert not np.array_equal(model.get_weights()[0], kernel)


def test_a_configured_layer_comes_back_by_custom_objects() -> None:
    model = Sequential([ConfiguredLayer(4, input_shape=(3,))])
    custom = {"ConfiguredLayer": ConfiguredLayer}
    copy = Sequential.from_config(model.get_config(), custom_objects=custom)
    copy.set_weights(model.get_weights())
    x = np.random.rand(2, 3)
    np.testing.assert_array_equal(copy.predict(x), model.predict(x))
    with pytest.raises(ValueError, match="ConfiguredLayer"):
        Sequential.from_config(model.get_config())


def test_the_minimal_cell_alone_and_stacked() -> None:
    x = Input((None, 5))
    single, stacked = RNN(MinimalRNNCell(32)), RNN([MinimalRNNCell(32), MinimalRNNCell(64)])
    model = Model(x, [single(x), stacked(x)])
    assert model.output_shape == [(None, 32), (None, 64)]
    assert [weight.name for weight in stacked.weights] == [
        "rnn_2/kernel:0",
        "rnn_2/recurrent_kernel:0",
        "rnn_2/kernel_1:0",
        "rnn_2/recurrent_kernel_1:0",
    ]
    values = np.random.rand(2, 3, 5)
    kernel, recurrent = single.get_weights()
    output = np.zeros((2, 32))
    for step in range(3):
        output = values[:, step] @ kernel + output @ recurrent
    np.testing.assert_allclose(model.predict(values)[0], output, rtol=1e-4, atol=1e-6)


class TorchLayer(Layer):
    """Computes with torch's own functions, methods and operators."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight("kernel", (input_shape[-1], 2), initializer="ones")
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        return torch.tanh(x @ self.kernel) + torch.nn.functional.relu(x).sum(-1, keepdim=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2)


def test_torch_functions_are_recorded() -> None:
    x = Input((3,))
    model = Model(x, TorchLayer()(x))
    values = np.random.randn(4, 3).astype("float32")
    expected = np.tanh(values.sum(1, keepdims=True)) + np.maximum(values, 0).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict(values), expected.repeat(2, 1), rtol=1e-5)
    model.compile("sgd", "mse")
    model.train_on_batch(values, np.zeros((4, 2)))
    assert not np.array_equal(model.get_weights()[0], np.ones((3, 2)))


class SumAndProduct(Layer):
    """Two inputs, two outputs, masks joined."""

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.built_for = input_shape
        super().build(input_shape)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        first, second = inputs
        self.masks = mask
        return [first + second, first * second]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return [input_shape[0], input_shape[1]]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None if mask is None else [mask[0], mask[1]]


def test_several_inputs_and_outputs() -> None:
    a, b = Input((2, 3)), Input((2, 3))
    layer = SumAndProduct()
    outputs = layer([L.Masking()(a), b])
    assert layer.built_for == [(None, 2, 3), (None, 2, 3)]
    assert layer.masks[0] is not None
    assert layer.masks[1] is None
    assert [mask is None for mask in layer.output_mask] == [False, True]
    model = Model([a, b], outputs)
    first, second = model.predict([np.full((1, 2, 3), 2.0), np.full((1, 2, 3), 5.0)])
    assert (first.min(), second.max()) == (7, 10)


class WithoutMasks(Layer):
    """Says nothing of masks."""


def test_a_mask_stops_where_it_is_not_supported() -> None:
    masked = L.Masking()(Input((2, 3)))
    with pytest.raises(TypeError, match="Layer without_masks_1 does not support masking, but was passed an"):
        WithoutMasks()(masked)


class PhaseLayer(Layer):
    """Takes the learning phase as `training`, as built-in layers do."""

    def call(self, x: Any, training: Any = None) -> Any:
        return K.in_train_phase(x + 1, x - 1, training=training)


def test_the_learning_phase_reaches_own_layers() -> None:
    x = Input((1,))
    model = Model(x, PhaseLayer()(x))
    assert model.uses_learning_phase
    compute = K.function([x, K.learning_phase()], model.outputs)
    assert [float(compute([np.zeros((1, 1)), phase])[0][0, 0]) for phase in (0, 1)] == [-1, 1]
    fixed = Model(x, PhaseLayer()(x, training=True))
    assert fixed.predict(np.zeros((1, 1)))[0, 0] == 1


def test_the_antirectifier_of_section_5_2_9() -> None:
    def antirectifier(x: Any) -> Any:
        x -= K.mean(x, axis=1, keepdims=True)
        x = K.l2_normalize(x, axis=1)
        return K.concatenate([K.relu(x), K.relu(-x)], axis=1)

    def antirectifier_output_shape(input_shape: Any) -> Any:
        shape = list(input_shape)
        assert len(shape) == 2  # only valid for 2D tensors
        shape[-1] *= 2
        return tuple(shape)

    model = Sequential()
    model.add(L.Lambda(lambda x: x**2, input_shape=(3,)))
    model.add(L.Lambda(antirectifier, output_shape=antirectifier_output_shape))
    assert model.output_shape == (None, 6)
    x = np.random.randn(4, 3)
    centred = x**2 - (x**2).mean(1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    expected = np.maximum(np.concatenate([unit, -unit], 1), 0)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-6)


def test_section_14_4() -> None:
    for inputs in (K.placeholder(shape=(2, 4, 5)), K.placeholder(shape=(None, 4, 5)), K.placeholder(ndim=3)):
        assert K.ndim(inputs) == 3
    value = np.random.random((3, 4, 5))
    np.testing.assert_allclose(K.eval(K.variable(value=value)), value, rtol=1e-6)
    assert K.eval(K.zeros(shape=(3, 4, 5))).sum() == 0
    assert K.eval(K.ones(shape=(3, 4, 5))).sum() == 60
    b = K.random_uniform_variable(shape=(3, 4), low=0, high=1)
    c = K.random_normal_variable(shape=(3, 4), mean=0, scale=1)
    d = K.random_normal_variable(shape=(3, 4), mean=0, scale=1)
    a = b + c * K.abs(d)
    assert K.int_shape(K.dot(a, K.transpose(b))) == (3, 3)
    assert K.int_shape(K.sum(b, axis=1)) == (3,)
    assert K.int_shape(K.softmax(b)) == (3, 4)
    assert K.int_shape(K.concatenate([b, c], axis=-1)) == (3, 8)


def test_examples_of_section_14_5() -> None:
    products = [
        (K.dot(K.placeholder(shape=(2, 3)), K.placeholder(shape=(3, 4))), (2, 4)),
        (K.dot(K.placeholder(shape=(32, 28, 3)), K.placeholder(shape=(3, 4))), (32, 28, 4)),
        (K.dot(K.random_uniform_variable(shape=(2, 3), low=0, high=1), K.ones((4, 3, 5))), (2, 4, 5)),
        (K.batch_dot(K.ones(shape=(32, 20, 1)), K.ones(shape=(32, 30, 20)), axes=[1, 2]), (32, 1, 30)),
        (K.batch_dot(K.ones((100, 20)), K.ones((100, 30, 20)), axes=(1, 2)), (100, 30)),
        (K.transpose(K.placeholder((2, 3))), (3, 2)),
    ]
    for product, shape in products:
        assert K.int_shape(product) == shape
    diagonal = K.batch_dot(K.variable([[1, 2], [3, 4]]), K.variable([[5, 6], [7, 8]]), axes=1)
    np.testing.assert_array_equal(K.eval(diagonal), [[17], [53]])
    x = K.placeholder((2, 3), dtype="float32")
    assert K.dtype(K.cast(x, dtype="float16")) == "float16"
    assert K.dtype(x) == "float32"
    assert K.placeholder(shape=(2, 4, 5))._keras_shape == (2, 4, 5)
    variable = K.variable(value=np.array([[1, 2], [3, 4]]), dtype="float64", name="example_var")
    assert (K.dtype(variable), K.count_params(variable)) == ("float64", 4)
    assert variable.name == "example_var:0"
    assert K.eval(K.shape(K.zeros((2, 4, 5)))).tolist() == [2, 4, 5]
    assert not K.is_sparse(K.to_dense(K.placeholder((2, 2), sparse=True)))


def test_keras_tensors_are_those_of_layers() -> None:
    array = np.array([1, 2])
    with pytest.raises(ValueError, match="symbolic tensor"):
        K.is_keras_tensor(array)
    assert not K.is_keras_tensor(K.variable(array))
    assert not K.is_keras_tensor(K.placeholder(shape=(2, 4, 5)))
    x = Input([10])
    assert K.is_keras_tensor(x)
    assert K.is_keras_tensor(L.Dense(10)(x))


def test_samples_of_chapter_5_have_the_shapes_they_state() -> None:
    samples: list[tuple[Any, list[Any]]] = [
        ([L.Dense(32, input_shape=(16,)), L.Dense(32)], [(None, 32), (None, 32)]),
        (
            [L.Reshape((3, 4), input_shape=(12,)), L.Reshape((6, 2)), L.Reshape((-1, 2, 2))],
            [(None, 3, 4), (None, 6, 2), (None, 3, 2, 2)],
        ),
        ([L.Permute((2, 1), input_shape=(10, 64))], [(None, 64, 10)]),
        ([L.Dense(32, input_dim=32), L.RepeatVector(3)], [(None, 32), (None, 3, 32)]),
        (
            [
                L.Cropping2D(cropping=((2, 2), (4, 4)), input_shape=(28, 28, 3)),
                L.Conv2D(64, (3, 3), padding="same"),
                L.Cropping2D(cropping=((2, 2), (2, 2))),
            ],
            [(None, 24, 20, 3), (None, 24, 20, 64), (None, 20, 16, 64)],
        ),
        (
            [L.LocallyConnected1D(64, 3, input_shape=(10, 32)), L.LocallyConnected1D(32, 3)],
            [(None, 8, 64), (None, 6, 32)],
        ),
        (
            [L.LocallyConnected2D(64, (3, 3), input_shape=(32, 32, 3)), L.LocallyConnected2D(32, (3, 3))],
            [(None, 30, 30, 64), (None, 28, 28, 32)],
        ),
        ([L.Embedding(1000, 64, input_length=10)], [(None, 10, 64)]),
        (
            [L.TimeDistributed(L.Dense(8), input_shape=(10, 16)), L.TimeDistributed(L.Dense(32))],
            [(None, 10, 8), (None, 10, 32)],
        ),
        (
            [L.TimeDistributed(L.Conv2D(64, (3, 3)), input_shape=(10, 299, 299, 3))],
            [(None, 10, 297, 297, 64)],
        ),
        (
            [
                L.Bidirectional(L.LSTM(10, return_sequences=True), input_shape=(5, 10)),
                L.Bidirectional(L.LSTM(10)),
                L.Dense(5),
                L.Activation("softmax"),
            ],
            [(None, 5, 20), (None, 20), (None, 5), (None, 5)],
        ),
        ([L.Masking(mask_value=0.0, input_shape=(7, 3)), L.LSTM(32)], [(None, 7, 3), (None, 32)]),
    ]
    for layers, shapes in samples:
        assert [layer.output_shape for layer in Sequential(layers).layers] == shapes


def test_locally_connected_kernels_are_counted_as_section_5_5_2_does() -> None:
    layer = L.LocallyConnected2D(64, (3, 3))
    layer.build((None, 32, 32, 3))
    assert layer.count_params() == (30 * 30) * (3 * 3 * 3 * 64) + (30 * 30) * 64
