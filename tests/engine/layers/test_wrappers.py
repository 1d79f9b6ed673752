"""Layers around layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    np.random.seed(5)
    with K.isolated_state():
        yield


X = np.random.RandomState(0).randn(3, 5, 4).astype("float32")


def run(layer: Any, x: np.ndarray = X) -> list[np.ndarray]:
    inputs = L.Input((None, *x.shape[2:]))
    outputs = layer(inputs)
    return K.function([inputs], outputs if isinstance(outputs, list) else [outputs])([x])


def run_directions(layer: L.Bidirectional) -> tuple[np.ndarray, np.ndarray]:
    """Return all outputs of both inner layers, each in the order of time."""
    forward = L.LSTM(2, return_sequences=True)
    backward = L.LSTM(2, return_sequences=True, go_backwards=True)
    inputs = L.Input((None, 4))
    outputs = [forward(inputs), backward(inputs)]
    weights = layer.get_weights()
    forward.set_weights(weights[:3])
    backward.set_weights(weights[3:])
    first, second = K.function([inputs], outputs)([X])
    return first, second[:, ::-1]


@pytest.mark.parametrize(
    ("mode", "join"),
    [
        ("sum", lambda a, b: a + b),
        ("mul", lambda a, b: a * b),
        ("ave", lambda a, b: (a + b) / 2),
        ("concat", lambda a, b: np.concatenate([a, b], axis=-1)),
    ],
)
def test_bidirectional_joins_both_directions(mode: str, join: Any) -> None:
    layer = L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode=mode)
    (result,) = run(layer)
    first, second = run_directions(layer)
    np.testing.assert_allclose(result, join(first, second), rtol=1e-5, atol=1e-6)

    last = L.Bidirectional(L.LSTM(2), merge_mode=mode)
    inputs = L.Input((None, 4))
    outputs = last(inputs)
    last.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        K.function([inputs], [outputs])([X])[0], join(first[:, -1], second[:, 0]), rtol=1e-5, atol=1e-6
    )


def test_bidirectional_gives_both_outputs_and_all_states() -> None:
    layer = L.Bidirectional(L.LSTM(2, return_state=True), merge_mode=None)
    forward, backward, h, c, back_h, back_c = run(layer)
    np.testing.assert_array_equal(forward, h)
    np.testing.assert_array_equal(backward, back_h)
    assert c.shape == back_c.shape == (3, 2)
    with pytest.raises(ValueError, match="merge mode"):
        L.Bidirectional(L.LSTM(2), merge_mode="product")


def test_bidirectional_takes_the_states_of_both_layers() -> None:
    inputs = L.Input((None, 4))
    states = [L.Input((2,)) for _ in range(4)]
    encoder = L.Bidirectional(L.LSTM(2, return_state=True))
    decoder = L.Bidirectional(L.LSTM(2, return_sequences=True))
    model = Model([inputs, *states], decoder(inputs, initial_state=states))
    given = [np.full((3, 2), number, "float32") for number in range(4)]
    by_zero = model.predict([X, *[np.zeros((3, 2))] * 4])
    assert not np.allclose(model.predict([X, *given]), by_zero)
    _, *passed = encoder(inputs)
    chained = Model(inputs, decoder(inputs, initial_state=passed))
    copied = Model.from_config(chained.get_config())
    copied.set_weights(chained.get_weights())
    np.testing.assert_allclose(copied.predict(X), chained.predict(X), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="both underlying"):
        decoder(inputs, initial_state=states[:3])


def test_bidirectional_keeps_masks_and_weights_in_order() -> None:
    layer = L.Bidirectional(L.GRU(2, return_sequences=True))
    inputs = L.Input((None, 4))
    layer(L.Masking()(inputs))
    mask = layer.get_output_mask_at(0)
    x = X.copy()
    x[0, 3:] = 0
    np.testing.assert_array_equal(K.function([inputs], [mask])([x])[0], x.any(-1))
    names = [weight.name.split("/")[1] for weight in layer.weights]
    assert names == ["forward_gru_1"] * 3 + ["backward_gru_1"] * 3
    assert layer.forward_layer.go_backwards is False
    assert layer.backward_layer.go_backwards is True


def test_a_stateful_bidirectional_layer_can_be_reset() -> None:
    layer = L.Bidirectional(L.LSTM(2, stateful=True), batch_input_shape=(3, 5, 4))
    model = Sequential([layer])
    first = model.predict(X, batch_size=3)
    assert not np.allclose(model.predict(X, batch_size=3), first)
    model.reset_states()
    np.testing.assert_allclose(model.predict(X, batch_size=3), first, rtol=1e-6)


def test_time_distributed_applies_the_layer_to_each_step() -> None:
    films = np.random.RandomState(1).randn(2, 3, 6, 5, 2).astype("float32")
    layer = L.TimeDistributed(L.Conv2D(4, 3))
    (result,) = run(layer, films)
    plain = L.Conv2D(4, 3)
    inputs = L.Input((6, 5, 2))
    outputs = plain(inputs)
    plain.set_weights(layer.get_weights())
    each = K.function([inputs], [outputs])
    for step in range(3):
        np.testing.assert_allclose(result[:, step], each([films[:, step]])[0], rtol=1e-5, atol=1e-6)


def test_time_distributed_models_and_recurrence_take_masks() -> None:
    inner = Sequential([L.Dense(3, input_shape=(4,)), L.Dense(2)])
    (result,) = run(L.TimeDistributed(inner))
    np.testing.assert_allclose(result[:, 1], inner.predict(X[:, 1]), rtol=1e-5, atol=1e-6)

    documents = np.random.RandomState(1).randint(1, 5, (2, 3, 6))
    documents[0, 1, 3:] = documents[1, 2] = 0
    inputs = L.Input((3, 6), dtype="int32")
    words = L.Embedding(5, 4, mask_zero=True)
    rows = L.TimeDistributed(L.LSTM(2))
    outputs = rows(words(inputs))
    values, mask = K.function([inputs], [outputs, rows.get_output_mask_at(0)])([documents])
    np.testing.assert_array_equal(mask, documents.any(-1))
    short = np.full((1, 3, 6), 1)
    short[0, 0, :3] = documents[0, 1, :3]
    short[0, 0, 3:] = 0
    np.testing.assert_allclose(values[0, 1], K.function([inputs], [outputs])([short])[0][0, 0], rtol=1e-5)


def test_activity_and_weight_penalties_of_the_layer_inside_count_once() -> None:
    layer = L.TimeDistributed(L.Dense(2, kernel_regularizer="l2", activity_regularizer="l1"))
    inputs = L.Input((5, 4))
    model = Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    outputs = model.predict(X)
    kernel = layer.get_weights()[0]
    expected = 0.01 * np.square(kernel).sum() + 0.01 * np.abs(outputs).sum()
    assert model.test_on_batch(X, outputs) == pytest.approx(expected, rel=1e-4)


def test_freezing_a_wrapper_freezes_the_layers_inside() -> None:
    layer = L.Bidirectional(L.LSTM(2))
    layer(L.Input((None, 4)))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 6
    frozen = L.TimeDistributed(L.Dense(2, trainable=False))
    frozen(L.Input((None, 4)))
    assert frozen.trainable_weights == []
