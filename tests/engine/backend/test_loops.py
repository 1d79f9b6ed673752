"""Recurrence over time: masks, order, constants, learning phase, derivatives."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K

rng = np.random.RandomState(5)
X = rng.uniform(-1, 1, (4, 6, 3)).astype("float32")
H = rng.uniform(-1, 1, (4, 2)).astype("float32")
W = rng.uniform(-1, 1, (3, 2)).astype("float32")
U = rng.uniform(-1, 1, (2, 2)).astype("float32")
MASK = np.array([[0, 1, 1, 0, 1, 1], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])


def step_through(mask: np.ndarray | None = None, backwards: bool = False, unroll: bool = False) -> Any:
    """Run h = tanh(x W + h U) in NumPy: all outputs and the last state."""
    state, held, outputs = H, np.zeros_like(H) if unroll else H, []
    for time in reversed(range(6)) if backwards else range(6):
        new = np.tanh(X[:, time] @ W + state @ U)
        keep = np.ones((4, 1)) if mask is None else mask[:, time, None]
        held = np.where(keep, new, held if unroll else state)
        state = np.where(keep, new, state)
        outputs.append(held)
    return np.stack(outputs, 1), state


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("time", "unroll"), [(None, False), (6, False), (6, True)])
def test_steps_in_order_and_holds_where_masked(
    time: Any, masked: bool, backwards: bool, unroll: bool
) -> None:
    x, h, m = (
        K.placeholder((None, time, 3)),
        K.placeholder((None, 2)),
        K.placeholder((None, time), dtype="bool"),
    )
    w, u = K.variable(W), K.variable(U)

    def step(inputs: Any, states: Any) -> Any:
        new = K.tanh(K.dot(inputs, w) + K.dot(states[0], u))
        return new, [new]

    last, outputs, states = K.rnn(step, x, [h], backwards, m if masked else None, unroll=unroll)
    assert [K.int_shape(tensor) for tensor in (last, outputs, *states)] == [
        (None, 2),
        (None, time, 2),
        (None, 2),
    ]
    values = K.function([x, h, m], [last, outputs, *states])([X, H, MASK])
    expected, state = step_through(MASK if masked else None, backwards, unroll)
    for value, reference in zip(values, (expected[:, -1], expected, state), strict=True):
        np.testing.assert_allclose(value, reference, atol=1e-6)


def test_takes_torch_tensors_where_everything_computes() -> None:
    def step(inputs: Any, states: Any) -> Any:
        new = K.tanh(K.dot(inputs, states[1]) + states[0])
        return new, [new]

    with K.computing():
        x, h, w = K.constant(X), K.constant(H), K.constant(W)
        last, outputs, _ = K.rnn(step, x, [h], constants=[w])
    symbolic = K.placeholder((4, None, 3))
    again = K.rnn(step, symbolic, [K.constant(H)], constants=[K.constant(W)])
    value, values = K.function([symbolic], [again[0], again[1]])([X])
    np.testing.assert_allclose(value, last.numpy(), atol=1e-6)
    np.testing.assert_allclose(values, outputs.numpy(), atol=1e-6)


def test_derivatives_reach_what_the_step_reads_from_outside() -> None:
    x, w = K.placeholder((None, None, 3)), K.variable(W)
    last, _, _ = K.rnn(
        lambda i, s: (s[0] + K.dot(i, w), [s[0] + K.dot(i, w)]), x, [K.zeros_like(x[:, 0, :2])]
    )
    gradient = K.function([x], K.gradients(K.sum(last), [w]))([X])[0]
    np.testing.assert_allclose(gradient, np.repeat(X.sum((0, 1))[:, None], 2, 1), rtol=1e-5)


def test_the_step_follows_the_learning_phase() -> None:
    x = K.placeholder((None, None, 3))
    last, outputs, _ = K.rnn(lambda i, s: (K.in_train_phase(i, i * 2), []), x, [])
    assert last._uses_learning_phase
    assert outputs._uses_learning_phase
    compute = K.function([x, K.learning_phase()], [outputs])
    np.testing.assert_allclose(compute([X, 1])[0], X)
    np.testing.assert_allclose(compute([X, 0])[0], X * 2)


def test_random_numbers_inside_a_step_differ_from_step_to_step() -> None:
    x = K.placeholder((None, None, 3))
    _, outputs, _ = K.rnn(lambda i, s: (i * 0 + K.random_uniform(K.shape(i)), []), x, [])
    value = K.function([x], [outputs])([X])[0]
    assert (value[:, 0] != value[:, 1]).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": (None, 3)}, "at least 3D"),
        ({"inputs": (None, None, 3), "unroll": True}, "fixed number of timesteps"),
        ({"inputs": (None, 4, 3), "mask": True}, "no initial states"),
    ],
)
def test_refuses_what_cannot_run(arguments: dict[str, Any], message: str) -> None:
    x = K.placeholder(arguments["inputs"])
    mask = x[:, :, 0] if arguments.get("mask") else None
    with pytest.raises(ValueError, match=message):
        K.rnn(lambda i, s: (i, []), x, [], mask=mask, unroll=arguments.get("unroll", False))


def test_maps_to_several_tensors_and_another_type() -> None:
    x = K.placeholder((None, 3))
    total, largest = K.map_fn(lambda row: [K.sum(row), K.max(row)], x, dtype="float64")
    assert K.dtype(total) == "float64"
    sums, maxima = K.function([x], [total, largest])([X[:, 0]])
    np.testing.assert_allclose(sums, X[:, 0].sum(1), rtol=1e-6)
    np.testing.assert_allclose(maxima, X[:, 0].max(1), rtol=1e-6)
