"""What a layer says about its calls: tensors, shapes, masks, losses and updates."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    with K.isolated_state():
        yield


def test_a_layer_called_once_shows_its_tensors() -> None:
    x = L.Input((4, 3))
    masked = L.Masking()(x)
    layer = L.LSTM(5, return_sequences=True, return_state=True)
    outputs = layer(masked)
    assert layer.input is masked
    assert layer.output == outputs
    assert layer.input_shape == (None, 4, 3)
    assert layer.output_shape == [(None, 4, 5), (None, 5), (None, 5)]
    assert K.int_shape(layer.input_mask) == (None, 4)
    assert layer.output_mask == [layer.input_mask, None, None]


def test_a_layer_called_twice_shows_each_call() -> None:
    x, y = L.Input((8, 8, 3)), L.Input((9, 9, 3))
    layer = L.Conv2D(2, 3)
    first, second = layer(x), layer(y)
    assert [layer.get_input_at(index) for index in (0, 1)] == [x, y]
    assert [layer.get_output_at(index) for index in (0, 1)] == [first, second]
    assert [layer.get_input_shape_at(index) for index in (0, 1)] == [(None, 8, 8, 3), (None, 9, 9, 3)]
    assert [layer.get_output_shape_at(index) for index in (0, 1)] == [(None, 6, 6, 2), (None, 7, 7, 2)]
    assert [layer.get_output_mask_at(index) for index in (0, 1)] == [None, None]
    for word in ("input", "output", "input_mask", "output_mask"):
        with pytest.raises(AttributeError, match=rf"multiple inbound nodes.*`get_{word}_at\(node_index\)`"):
            getattr(layer, word)
    for word in ("input_shape", "output_shape"):
        with pytest.raises(AttributeError, match=rf"different .* shapes.*`get_{word}_at\(node_index\)`"):
            getattr(layer, word)
    with pytest.raises(ValueError, match="at node 2, but the layer has only 2 inbound nodes"):
        layer.get_input_at(2)


def test_calls_of_the_same_size_share_their_shapes() -> None:
    layer = L.Dense(2)
    layer(L.Input((3,)))
    layer(L.Input((3,)))
    assert (layer.input_shape, layer.output_shape) == ((None, 3), (None, 2))


def test_a_layer_never_called_has_no_tensors() -> None:
    layer = L.Dense(2)
    with pytest.raises(AttributeError, match="Layer dense_1 is not connected, no input to return"):
        layer.input  # noqa: B018
    with pytest.raises(AttributeError, match="never been called and thus has no defined output shape"):
        layer.output_shape  # noqa: B018
    with pytest.raises(RuntimeError, match="The layer dense_1 has never been called and thus has no defined"):
        layer.get_output_at(0)


class Counting(L.Layer):
    """Adds a loss and an update a call, and one of each for all calls."""

    def build(self, input_shape: Any) -> None:
        self.calls = self.add_weight("calls", (), initializer="zeros", trainable=False)
        self.steps = self.add_weight("steps", (), initializer="zeros", trainable=False)
        self.scale = self.add_weight("scale", (), initializer="ones")
        self.add_update(K.update_add(self.steps, 1.0))
        self.add_loss(K.square(self.scale))
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        self.add_update(K.update_add(self.calls, K.sum(x)), inputs=x)
        self.add_loss(K.mean(x), inputs=x)
        return x * self.scale


def test_losses_and_updates_belong_to_calls_or_to_all() -> None:
    x, y = L.Input((1,)), L.Input((1,))
    layer = Counting()
    first, second = layer(x), layer(y)
    assert [len(layer.get_losses_for(one)) for one in (x, y, None)] == [1, 1, 1]
    assert [len(layer.get_updates_for(one)) for one in (x, y, None)] == [1, 1, 1]
    assert (len(layer.losses), len(layer.updates)) == (3, 3)
    layer.trainable = False
    assert layer.updates == []
    layer.trainable = True

    model = Model(x, first)
    assert (len(model.losses), len(model.updates)) == (2, 2)
    model.compile("sgd", "mse")
    assert model.train_on_batch(np.ones((4, 1)), np.ones((4, 1))) == pytest.approx(0 + 1 + 1)
    assert [K.get_value(layer.calls), K.get_value(layer.steps)] == [4, 1]
    both = Model([x, y], [first, second])
    assert (len(both.losses), len(both.updates)) == (3, 3)


def test_trainable_counts_when_the_model_is_compiled() -> None:
    model = Sequential([L.Dense(2, input_shape=(3,)), L.Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3)), np.full((4, 1), 5.0)
    before = model.get_weights()
    model.train_on_batch(x, y)
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]

    model.layers[0].trainable = True
    with pytest.warns(UserWarning, match="Discrepancy between trainable weights and collected trainable"):
        model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    model.compile("sgd", "mse")
    model.train_on_batch(x, y)
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_names_count_by_class_in_snake_case() -> None:
    x = L.Input((4, 4, 3))
    layers = [L.Conv2D(2, 1), L.Conv2D(2, 1), L.LeakyReLU(), L.PReLU(), L.BatchNormalization(), L.ELU()]
    for layer in layers:
        x = layer(x)
    names = ["conv2d_1", "conv2d_2", "leaky_re_lu_1", "p_re_lu_1", "batch_normalization_1", "elu_1"]
    assert [layer.name for layer in layers] == names
    assert [weight.name for weight in layers[4].weights] == [
        f"batch_normalization_1/{name}:0" for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    assert L.Input((1,)).name == "input_2"
    assert L.CuDNNLSTM(1).name == "cu_dnnlstm_1"
    assert L.TimeDistributed(L.Dense(1)).name == "time_distributed_1"
