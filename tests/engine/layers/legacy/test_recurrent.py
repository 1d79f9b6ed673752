"""Recurrent layers of one's own in the form they had before there were cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.layers.legacy import ConvRecurrent2D, Recurrent
from engine.models import Model, Sequential, load_model


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


class Fading(ConvRecurrent2D):
    """Keeps half of what it saw, and adds the convolved image."""

    def build(self, input_shape: Any) -> None:
        batch_size = input_shape[0] if self.stateful else None
        self.input_spec = [L.InputSpec(shape=(batch_size, None, *input_shape[2:]))]
        channels = input_shape[-1 if self.data_format == "channels_last" else 2]
        self.kernel = self.add_weight(shape=(*self.kernel_size, channels, self.filters), name="kernel")
        if self.stateful:
            self.reset_states()
        self.built = True

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        convolved = K.conv2d(
            inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        new = convolved + 0.5 * states[0]
        return new, [new]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("stateful", [False, True])
def test_convolutional_states_are_images(data_format: str, stateful: bool) -> None:
    shape = (2, 3, 6, 5, 2) if data_format == "channels_last" else (2, 3, 2, 6, 5)
    films = np.random.RandomState(1).randn(*shape).astype("float32")
    layer = Fading(4, 3, strides=(2, 1), data_format=data_format, return_state=True, stateful=stateful)
    inputs = L.Input(batch_shape=shape if stateful else (None, *shape[1:]))
    outputs = layer(inputs)
    image = (2, 3, 4) if data_format == "channels_last" else (4, 2, 3)
    assert [K.int_shape(tensor)[1:] for tensor in outputs] == [image, image]
    convolve = K.function([inputs], [K.conv2d(inputs[:, 0], layer.kernel, (2, 1), "valid", data_format)])
    steps = [convolve([np.repeat(films[:, step : step + 1], 3, axis=1)])[0] for step in range(3)]
    expected = steps[2] + 0.5 * steps[1] + 0.25 * steps[0]
    model = Model(inputs, outputs)
    for start in [0.0, expected if stateful else 0.0]:
        last, state = model.predict(films, batch_size=2)
        np.testing.assert_allclose(last, expected + 0.125 * start, atol=1e-5)
        np.testing.assert_array_equal(last, state)
    config = Fading.from_config(layer.get_config()).get_config()
    assert config == layer.get_config()
