"""Recurrent layers against the same recurrences written out in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model

BATCH, STEPS, FEATURES, UNITS = 3, 5, 4, 2


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    np.random.seed(5)
    with K.isolated_state():
        yield


@pytest.fixture
def x() -> np.ndarray:
    return np.random.RandomState(0).randn(BATCH, STEPS, FEATURES).astype("float32")


def hard_sigmoid(z: np.ndarray) -> np.ndarray:
    return np.clip(0.2 * z + 0.5, 0, 1)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


Step = Callable[[np.ndarray, list[np.ndarray], list[np.ndarray]], list[np.ndarray]]


def step_simple(x: np.ndarray, states: list[np.ndarray], weights: list[np.ndarray]) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    return [np.tanh(x @ kernel + bias + states[0] @ recurrent)]


def step_lstm(
    x: np.ndarray, states: list[np.ndarray], weights: list[np.ndarray], gate: Any = hard_sigmoid
) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    h, c = states
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = gate(f) * c + gate(i) * np.tanh(g)
    return [gate(o) * np.tanh(c), c]


def step_gru(x: np.ndarray, states: list[np.ndarray], weights: list[np.ndarray]) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    (h,) = states
    xz, xr, xh = np.split(x @ kernel + bias, 3, axis=-1)
    uz, ur, uh = np.split(recurrent, 3, axis=-1)
    z, r = hard_sigmoid(xz + h @ uz), hard_sigmoid(xr + h @ ur)
    return [z * h + (1 - z) * np.tanh(xh + (r * h) @ uh)]


def step_gru_reset_after(
    x: np.ndarray, states: list[np.ndarray], weights: list[np.ndarray], gate: Any = hard_sigmoid
) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    (h,) = states
    xz, xr, xh = np.split(x @ kernel + bias[0], 3, axis=-1)
    hz, hr, hh = np.split(h @ recurrent + bias[1], 3, axis=-1)
    z, r = gate(xz + hz), gate(xr + hr)
    return [z * h + (1 - z) * np.tanh(xh + r * hh)]


def scan(
    step: Step,
    x: np.ndarray,
    weights: list[np.ndarray],
    states: list[np.ndarray],
    mask: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[np.ndarray, list[np.ndarray]]:
    outputs = []
    for number in range(x.shape[1])[:: -1 if backwards else 1]:
        news = step(x[:, number], states, weights)
        if mask is not None:
            keep = mask[:, number, None]
            news = [np.where(keep, new, old) for new, old in zip(news, states, strict=True)]
        states = news
        outputs.append(states[0])
    return np.stack(outputs, axis=1), states


def zeros(count: int) -> list[np.ndarray]:
    return [np.zeros((BATCH, UNITS))] * count


def randomize(layer: Any) -> list[np.ndarray]:
    """Give a layer random weights, so that no bias is zero, and return them."""
    draw = np.random.RandomState(1)
    weights = [draw.randn(*value.shape).astype("float32") for value in layer.get_weights()]
    layer.set_weights(weights)
    return weights


def call(layer: Any, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return a layer's outputs for `x` and the weights it was given."""
    inputs = L.Input(batch_shape=(None, None, FEATURES) if not layer.unroll else (None, STEPS, FEATURES))
    outputs = layer(inputs)
    weights = randomize(layer)
    return K.function([inputs], outputs if isinstance(outputs, list) else [outputs])([x]), weights


CELLS = [
    pytest.param(L.SimpleRNN, {}, step_simple, 1, id="simple"),
    pytest.param(L.LSTM, {}, step_lstm, 2, id="lstm"),
    pytest.param(L.LSTM, {"implementation": 2}, step_lstm, 2, id="lstm-2"),
    pytest.param(L.GRU, {}, step_gru, 1, id="gru"),
    pytest.param(L.GRU, {"implementation": 2}, step_gru, 1, id="gru-2"),
    pytest.param(L.GRU, {"reset_after": True}, step_gru_reset_after, 1, id="gru-reset-after"),
]
WAYS = [
    pytest.param({}, id="plain"),
    pytest.param({"go_backwards": True}, id="backwards"),
    pytest.param({"unroll": True}, id="unrolled"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("layer_class", "arguments", "step", "states"), CELLS)
def test_every_step_and_state(
    layer_class: Any, arguments: dict, step: Step, states: int, way: dict, x: np.ndarray
) -> None:
    layer = layer_class(UNITS, return_sequences=True, return_state=True, **arguments, **way)
    results, weights = call(layer, x)
    outputs, last = scan(step, x, weights, zeros(states), backwards=bool(way.get("go_backwards")))
    for result, expected in zip(results, [outputs, *last], strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("layer_class", "arguments", "step", "states"), CELLS)
def test_masked_steps_carry_output_and_state_over(
    layer_class: Any, arguments: dict, step: Step, states: int, x: np.ndarray
) -> None:
    mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=bool)
    x = x * mask[..., None]
    inputs = L.Input((None, FEATURES))
    layer = layer_class(UNITS, return_sequences=True, return_state=True, **arguments)
    results = layer(L.Masking()(inputs))
    weights = randomize(layer)
    outputs, last = scan(step, x, weights, zeros(states), mask=mask)
    for result, expected in zip(K.function([inputs], results)([x]), [outputs, *last], strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_the_last_output_alone(x: np.ndarray) -> None:
    (result,), weights = call(L.LSTM(UNITS), x)
    outputs, _ = scan(step_lstm, x, weights, zeros(2))
    np.testing.assert_allclose(result, outputs[:, -1], rtol=1e-5, atol=1e-6)


def from_cudnn(weight: np.ndarray) -> np.ndarray:
    """The kernel of a product: in cuDNN's each gate's memory holds its matrix by columns."""
    size = weight.shape[0]
    gates = np.split(weight, weight.shape[1] // UNITS, axis=1)
    return np.concatenate([gate.reshape(UNITS, size).T for gate in gates], axis=1)


def test_cudnn_layers_use_sigmoid_gates_and_two_biases(x: np.ndarray) -> None:
    (result,), (kernel, recurrent, bias) = call(L.CuDNNLSTM(UNITS, return_sequences=True), x)
    merged = [from_cudnn(kernel), from_cudnn(recurrent), bias[: 4 * UNITS] + bias[4 * UNITS :]]
    expected, _ = scan(lambda *a: step_lstm(*a, gate=sigmoid), x, merged, zeros(2))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)

    (result,), (kernel, recurrent, bias) = call(L.CuDNNGRU(UNITS, return_sequences=True), x)
    split = [from_cudnn(kernel), from_cudnn(recurrent), bias.reshape(2, 3 * UNITS)]
    expected, _ = scan(lambda *a: step_gru_reset_after(*a, gate=sigmoid), x, split, zeros(1))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_the_forget_bias_starts_at_one() -> None:
    def bias_of(layer: Any) -> np.ndarray:
        layer(L.Input((None, FEATURES)))
        return layer.get_weights()[2]

    u = UNITS
    np.testing.assert_array_equal(bias_of(L.LSTM(u)), [0] * u + [1] * u + [0] * 2 * u)
    np.testing.assert_array_equal(bias_of(L.LSTM(u, unit_forget_bias=False)), [0] * 4 * u)
    np.testing.assert_array_equal(bias_of(L.CuDNNLSTM(u)), [0] * 5 * u + [1] * u + [0] * 2 * u)


@pytest.mark.parametrize("as_list", [True, False], ids=["in the list of inputs", "by name"])
def test_initial_states_from_other_layers(as_list: bool, x: np.ndarray) -> None:
    inputs, h, c = L.Input((None, FEATURES)), L.Input((UNITS,)), L.Input((UNITS,))
    layer = L.LSTM(UNITS, return_sequences=True)
    outputs = layer([inputs, h, c]) if as_list else layer(inputs, initial_state=[h, c])
    weights = randomize(layer)
    states = list(np.random.RandomState(2).randn(2, BATCH, UNITS).astype("float32"))
    model = Model([inputs, h, c], outputs)
    expected, _ = scan(step_lstm, x, weights, states)
    np.testing.assert_allclose(model.predict([x, *states]), expected, rtol=1e-5, atol=1e-6)

    copied = Model.from_config(model.get_config())
    copied.set_weights(weights)
    np.testing.assert_allclose(copied.predict([x, *states]), expected, rtol=1e-5, atol=1e-6)


def test_initial_states_that_no_layer_made(x: np.ndarray) -> None:
    state = np.random.RandomState(2).randn(BATCH, UNITS).astype("float32")
    inputs = L.Input(batch_shape=(BATCH, None, FEATURES))
    layer = L.GRU(UNITS)
    outputs = layer(inputs, initial_state=K.constant(state))
    weights = randomize(layer)
    (result,) = K.function([inputs], [outputs])([x])
    expected, _ = scan(step_gru, x, weights, [state])
    np.testing.assert_allclose(result, expected[:, -1], rtol=1e-5, atol=1e-6)


def test_a_stateful_layer_goes_on_where_it_was(x: np.ndarray) -> None:
    inputs = L.Input(batch_shape=(BATCH, STEPS, FEATURES))
    layer = L.LSTM(UNITS, stateful=True, return_sequences=True)
    model = Model(inputs, layer(inputs))
    weights = randomize(layer)
    first, states = scan(step_lstm, x, weights, zeros(2))
    second, _ = scan(step_lstm, x, weights, states)
    for expected in (first, second):
        np.testing.assert_allclose(model.predict(x, batch_size=BATCH), expected, rtol=1e-5, atol=1e-6)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x, batch_size=BATCH), first, rtol=1e-5, atol=1e-6)

    layer.reset_states([state.astype("float32") for state in states])
    np.testing.assert_allclose(model.predict(x, batch_size=BATCH), second, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="expected shape"):
        layer.reset_states([np.zeros((BATCH, UNITS + 1))] * 2)
    with pytest.raises(ValueError, match="expects 2 states"):
        layer.reset_states([np.zeros((BATCH, UNITS))])


def test_states_need_a_fixed_batch() -> None:
    with pytest.raises(ValueError, match="batch size"):
        L.LSTM(UNITS, stateful=True)(L.Input((STEPS, FEATURES)))
    with pytest.raises(AttributeError, match="stateful"):
        L.LSTM(UNITS).reset_states()


class CellWithConstants(L.Layer):
    """Adds a fixed tensor to input and state; the state is doubled."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        self.units = self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        assert isinstance(input_shape, list)
        self.built = True

    def call(self, inputs: Any, states: Any, constants: Any) -> Any:
        output = inputs + 2 * states[0] + constants[0]
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("as_list", [True, False], ids=["in the list of inputs", "by name"])
def test_constants_reach_every_step(as_list: bool, x: np.ndarray) -> None:
    inputs, fixed = L.Input((None, FEATURES)), L.Input((FEATURES,))
    layer = L.RNN(CellWithConstants(FEATURES))
    if as_list:
        layer._num_constants = 1
    outputs = layer([inputs, fixed]) if as_list else layer(inputs, constants=fixed)
    model = Model([inputs, fixed], outputs)
    added = np.random.RandomState(2).randn(BATCH, FEATURES).astype("float32")
    state = np.zeros((BATCH, FEATURES))
    for number in range(STEPS):
        state = x[:, number] + 2 * state + added
    np.testing.assert_allclose(model.predict([x, added]), state, rtol=1e-5, atol=1e-5)

    copied = Model.from_config(model.get_config(), {"CellWithConstants": CellWithConstants})
    np.testing.assert_allclose(copied.predict([x, added]), state, rtol=1e-5, atol=1e-5)


def test_constants_reach_every_cell_of_a_stack_and_both_directions(x: np.ndarray) -> None:
    inputs, fixed = L.Input((None, FEATURES)), L.Input((FEATURES,))
    stacked = L.RNN([CellWithConstants(FEATURES), CellWithConstants(FEATURES)])(inputs, constants=fixed)
    states = [L.Input((FEATURES,)) for _ in range(2)]
    both = L.Bidirectional(L.RNN(CellWithConstants(FEATURES)), merge_mode="sum")
    joined = both(inputs, initial_state=states, constants=fixed)
    model = Model([inputs, *states, fixed], [stacked, joined])
    draw = np.random.RandomState(2)
    added, first, last = (draw.randn(BATCH, FEATURES).astype("float32") for _ in range(3))
    lower = upper = np.zeros((BATCH, FEATURES))
    forward, backward = first, last
    for number in range(STEPS):
        lower = x[:, number] + 2 * lower + added
        upper = lower + 2 * upper + added
        forward = x[:, number] + 2 * forward + added
        backward = x[:, -1 - number] + 2 * backward + added
    copied = Model.from_config(model.get_config(), {"CellWithConstants": CellWithConstants})
    for one in (model, copied):
        results = one.predict([x, first, last, added])
        np.testing.assert_allclose(results[0], upper, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(results[1], forward + backward, rtol=1e-5, atol=1e-4)


def test_a_convolutional_cell_runs_as_its_layer_does() -> None:
    films = np.random.RandomState(1).randn(2, 3, 5, 4, 2)
    inputs = L.Input((None, 5, 4, 2))
    layer = L.ConvLSTM2D(3, 2, padding="same", return_sequences=True, return_state=True)
    cell = L.ConvLSTM2DCell(3, 2, padding="same")
    runner = L.ConvRNN2D(cell, return_sequences=True, return_state=True)
    model = Model(inputs, [*layer(inputs), *runner(inputs)])
    runner.set_weights(layer.get_weights())
    results = model.predict(films)
    for one, other in zip(results[:3], results[3:], strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="such as ConvLSTM2DCell"):
        L.ConvRNN2D(L.LSTMCell(3))


class SumCell:
    """A cell that is no layer: the state is the sum of what was seen."""

    state_size = FEATURES

    def call(self, inputs: Any, states: Any) -> Any:
        total = inputs + states[0]
        return total, [total]


def test_a_cell_need_not_be_a_layer(x: np.ndarray) -> None:
    inputs = L.Input((None, FEATURES))
    outputs = L.RNN(SumCell(), return_sequences=True)(inputs)
    np.testing.assert_allclose(
        K.function([inputs], [outputs])([x])[0], np.cumsum(x, axis=1), rtol=1e-5, atol=1e-6
    )


class HalvingCell(L.SimpleRNNCell):
    """A built-in cell with another `call`."""

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        output, news = super().call(inputs, states, training)
        return output / 2, news


def test_an_overridden_call_of_a_built_in_cell_is_called(x: np.ndarray) -> None:
    (result,), weights = call(L.RNN(HalvingCell(UNITS), return_sequences=True), x)
    expected, _ = scan(step_simple, x, weights, zeros(1))
    np.testing.assert_allclose(result, expected / 2, rtol=1e-5, atol=1e-6)


def test_stacked_cells_are_layers_on_top_of_one_another(x: np.ndarray) -> None:
    (result, *states), weights = call(
        L.RNN([L.LSTMCell(UNITS), L.GRUCell(UNITS)], return_sequences=True, return_state=True), x
    )
    lower, (h, c) = scan(step_lstm, x, weights[:3], zeros(2))
    upper, (top,) = scan(step_gru, lower, weights[3:], zeros(1))
    np.testing.assert_allclose(result, upper, rtol=1e-5, atol=1e-6)
    for state, expected in zip(states, [top, h, c], strict=True):
        np.testing.assert_allclose(state, expected, rtol=1e-5, atol=1e-6)


def drop_inputs(layer: Any, steps: int = 40) -> np.ndarray:
    """Return what an accumulating layer adds at each step in the training phase."""
    inputs = L.Input((None, 1))
    outputs = layer(inputs)
    values = K.function([inputs, K.learning_phase()], [outputs])([np.ones((200, steps, 1)), 1])[0]
    return np.diff(values, axis=1)


def test_dropout_masks_are_the_same_at_all_steps() -> None:
    layer = L.SimpleRNN(
        1,
        activation=None,
        dropout=0.5,
        kernel_initializer="ones",
        recurrent_initializer="ones",
        return_sequences=True,
    )
    added = drop_inputs(layer)
    np.testing.assert_array_equal(added, np.repeat(added[:, :1], added.shape[1], axis=1))
    assert set(np.unique(added)) == {0.0, 2.0}
    assert 0.35 < (added[:, 0] == 0).mean() < 0.65


def test_dropout_masks_differ_between_batches_and_gates() -> None:
    inputs = L.Input((None, FEATURES))
    layer = L.LSTM(UNITS, dropout=0.5, recurrent_dropout=0.5)
    run = K.function([inputs, K.learning_phase()], [layer(inputs)])
    x = np.ones((BATCH, STEPS, FEATURES))
    assert not np.array_equal(run([x, 1])[0], run([x, 1])[0])
    np.testing.assert_array_equal(run([x, 0])[0], run([x, 0])[0])


def test_layers_show_the_arguments_of_their_cell() -> None:
    layer = L.GRU(UNITS, dropout=0.25, activation="relu", reset_after=True)
    assert (layer.units, layer.dropout, layer.reset_after) == (UNITS, 0.25, True)
    assert layer.activation(K.constant([-1.0])) is not None
    with pytest.raises(AttributeError, match="colour"):
        _ = layer.colour


def test_input_dim_and_input_length_name_the_input_shape() -> None:
    assert L.LSTM(UNITS, input_dim=4, input_length=7).batch_input_shape == (None, 7, 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.RNN(object()), "call"),
        (lambda: L.RNN(type("Cell", (), {"call": None})()), "state_size"),
        (lambda: L.LSTM(2, unroll=True)(L.Input((None, 3))), "[Uu]nroll"),
        (lambda: L.GRU(2, time_major=True), "permute_dimensions"),
        (lambda: L.LSTM(2)(L.Input((5, 3)), initial_state=[L.Input((2,))]), "state_size"),
        (lambda: L.LSTM(2)(L.Input((5, 3)), initial_state=[L.Input((3,)), L.Input((3,))]), "state_size"),
        (lambda: L.LSTM(2)(L.Input((5, 3)), initial_state=[L.Input((2,)), K.zeros((1, 2))]), "mix"),
        (lambda: L.LSTM(2)(L.Input((5, 3)), constants=[L.Input((2,))]), "constants"),
        (lambda: L.LSTM(2)(L.Input((5,))), "ndim"),
    ],
    ids=[
        "no call",
        "no state_size",
        "unroll",
        "steps first",
        "too few states",
        "wrong states",
        "mixed",
        "constants",
        "rank",
    ],
)
def test_wrong_use_says_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
