"""Recurrent layers of one's own in the form they had before there were cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.layers.recurrent import Recurrent
from engine.models import Sequential, load_model


class Averaging(Recurrent):
    """Keeps a decaying sum and the one before it; written as such layers were in 2017."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        batch_size = input_shape[0] if self.stateful else None
        self.input_spec = [L.InputSpec(shape=(batch_size, None, input_shape[2]))]
        self.states = [None, None]
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel", initializer="ones")
        if self.stateful:
            self.reset_states()
        self.built = True

    def get_constants(self, inputs: Any, training: Any = None) -> list[Any]:
        return [K.constant(0.5)]

    def preprocess_input(self, inputs: Any, training: Any = None) -> Any:
        return K.dot(inputs, self.kernel)

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        total, _, decay = states
        new = inputs + decay * total
        return new, [new, total]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


X = np.random.RandomState(0).randn(2, 4, 3).astype("float32")


def expect(x: np.ndarray, kernel: np.ndarray, total: Any = 0.0) -> np.ndarray:
    outputs = []
    for step in np.moveaxis(x @ kernel, 1, 0):
        total = step + 0.5 * total
        outputs.append(total)
    return np.stack(outputs, axis=1)


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def test_steps_and_weights_are_the_layers_own() -> None:
    model = Sequential([Averaging(2, return_sequences=True, input_shape=(None, 3))])
    kernel = np.arange(6.0).reshape(3, 2)
    model.set_weights([kernel])
    np.testing.assert_allclose(model.predict(X), expect(X, kernel), rtol=1e-4, atol=1e-5)
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    model.train_on_batch(X, np.zeros((2, 4, 2)))
    assert np.all(model.get_weights()[0] != before)


def test_states_are_given_initially_and_returned() -> None:
    x, total, other = L.Input((4, 3)), L.Input((2,)), L.Input((2,))
    layer = Averaging(2, return_state=True)
    layer(x)
    outputs = layer(x, initial_state=[total, other])
    start = np.ones((2, 2), "float32")
    output, state, previous = K.function([x, total, other], outputs)([X, start, start])
    steps = expect(X, np.ones((3, 2)), start)
    np.testing.assert_allclose(output, steps[:, -1], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(state, output)
    np.testing.assert_allclose(previous, steps[:, -2], rtol=1e-4, atol=1e-5)


def test_masked_steps_are_left_out_and_states_kept() -> None:
    layer = Averaging(2, stateful=True)
    model = Sequential([L.Masking(batch_input_shape=(2, 4, 3)), layer])
    x = X.copy()
    x[:, 3] = 0.0
    ones = np.ones((3, 2))
    first = expect(x[:, :3], ones)[:, -1]
    np.testing.assert_allclose(model.predict(x, batch_size=2), first, rtol=1e-4, atol=1e-5)
    again = expect(x[:, :3], ones, first)[:, -1]
    np.testing.assert_allclose(model.predict(x, batch_size=2), again, rtol=1e-4, atol=1e-5)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x, batch_size=2), first, rtol=1e-4, atol=1e-5)


def test_it_is_saved_and_wrapped(tmp_path: Path) -> None:
    model = Sequential([L.Bidirectional(Averaging(2), input_shape=(4, 3))])
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", {"Averaging": Averaging}, compile=False)
    ones = np.ones((3, 2))
    both = np.concatenate([expect(X, ones)[:, -1], expect(X[:, ::-1], ones)[:, -1]], axis=1)
    np.testing.assert_allclose(again.predict(X), both, rtol=1e-4, atol=1e-5)


def test_a_layer_without_a_step_is_told() -> None:
    class Empty(Recurrent):
        units = 2

    with pytest.raises(TypeError, match="Empty must define `step"):
        Sequential([Empty(input_shape=(4, 3))])
