"""Weights of other versions, backends and sister layers: each must predict what the one that saved it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential
from engine.saving import hdf5
from engine.saving.weight_conversion import Origin, convert_weights
from tests.parity.recorded import FIXTURES

KERAS_1 = Origin()
KERAS_2 = Origin("2.1.6", "tensorflow")


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def draw(*shape: int) -> np.ndarray:
    return np.random.RandomState(sum(shape)).randn(*shape).astype("float32")


def model_of(layer: Any, *shape: int | None) -> Any:
    x = L.Input(shape)
    return Model(x, layer(x))


def write_file(path: Path, groups: dict[str, list[np.ndarray]], **attributes: str) -> None:
    """Write weights as Keras 1 did: without a version, unless `attributes` give one."""
    with h5py.File(path, "w") as file:
        hdf5.write_names(file, "layer_names", list(groups))
        for name, arrays in groups.items():
            names = [f"{name}_weight_{number}" for number in range(len(arrays))]
            hdf5.write_arrays(file.create_group(name), names, arrays)
        for name, value in attributes.items():
            hdf5.write_string(file, name, value)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def run_lstm(x: np.ndarray, gates: dict[str, list[np.ndarray]]) -> np.ndarray:
    """Run an LSTM whose gates have weights of their own."""
    h = c = np.zeros((len(x), gates["i"][1].shape[0]))
    for step in range(x.shape[1]):
        sums = {name: x[:, step] @ w + h @ u + b for name, (w, u, b) in gates.items()}
        c = sigmoid(sums["f"]) * c + sigmoid(sums["i"]) * np.tanh(sums["c"])
        h = sigmoid(sums["o"]) * np.tanh(c)
    return h


def run_gru(x: np.ndarray, gates: dict[str, list[np.ndarray]]) -> np.ndarray:
    h = np.zeros((len(x), gates["z"][1].shape[0]))
    for step in range(x.shape[1]):
        sums = {name: x[:, step] @ gates[name][0] + h @ gates[name][1] + gates[name][2] for name in "zr"}
        w, u, b = gates["h"]
        candidate = np.tanh(x[:, step] @ w + (sigmoid(sums["r"]) * h) @ u + b)
        h = sigmoid(sums["z"]) * h + (1 - sigmoid(sums["z"])) * candidate
    return h


def draw_gates(names: str, inputs: int, units: int, seed: int = 0) -> dict[str, list[np.ndarray]]:
    random = np.random.RandomState(seed)
    return {
        name: [
            random.randn(*shape).astype("float32") for shape in ((inputs, units), (units, units), (units,))
        ]
        for name in names
    }


def flat(gates: dict[str, list[np.ndarray]]) -> list[np.ndarray]:
    return [array for arrays in gates.values() for array in arrays]


RECURRENT: list[Any] = [
    pytest.param("icfo", L.LSTM, run_lstm, id="LSTM"),
    pytest.param("zrh", L.GRU, run_gru, id="GRU"),
]


@pytest.mark.parametrize(("names", "layer_class", "run"), RECURRENT)
def test_keras_1_kept_the_weights_of_each_gate_apart(
    tmp_path: Path, names: str, layer_class: Any, run: Callable[..., np.ndarray]
) -> None:
    x, gates = draw(2, 4, 3), draw_gates(names, 3, 5)
    write_file(tmp_path / "w.h5", {"old": flat(gates)})
    for by_name in (False, True):
        model = model_of(layer_class(5, recurrent_activation="sigmoid", name="old"), None, 3)
        model.load_weights(tmp_path / "w.h5", by_name=by_name)
        np.testing.assert_allclose(model.predict(x), run(x, gates), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("names", "layer_class", "run"), RECURRENT)
def test_gates_are_joined_in_wrappers_and_nested_models(
    tmp_path: Path, names: str, layer_class: Any, run: Callable[..., np.ndarray]
) -> None:
    x, there, back = draw(2, 4, 3), draw_gates(names, 3, 2), draw_gates(names, 3, 2, seed=1)
    kernel, bias = draw(4, 3), draw(3)
    inner = Sequential(
        [
            L.Bidirectional(layer_class(2, recurrent_activation="sigmoid"), input_shape=(4, 3)),
            L.Dense(3),
        ],
        name="inner",
    )
    write_file(tmp_path / "w.h5", {"inner": [*flat(there), *flat(back), kernel, bias]})
    model = model_of(inner, 4, 3)
    model.load_weights(tmp_path / "w.h5")
    both = np.concatenate([run(x, there), run(x[:, ::-1], back)], axis=1)
    np.testing.assert_allclose(model.predict(x), both @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_a_recurrent_layer_of_keras_1_that_kept_gates_together_is_left_alone() -> None:
    model = model_of(L.LSTM(2), None, 3)
    arrays = [draw(3, 8), draw(2, 8), draw(8)]
    for array, converted in zip(arrays, convert_weights(model.layers[-1], arrays, KERAS_1), strict=True):
        np.testing.assert_array_equal(converted, array)


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the correlation of (rows, cols, in) with (in, filters) kernels by place, (rows, cols, in, filters)."""
    rows, cols = (image.shape[axis] - kernel.shape[axis] + 1 for axis in (0, 1))
    return np.array(
        [
            [
                np.tensordot(image[r : r + kernel.shape[0], c : c + kernel.shape[1]], kernel, 3)
                for c in range(cols)
            ]
            for r in range(rows)
        ]
    )


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_kernels_of_keras_1_lie_as_their_images_do(tmp_path: Path, data_format: str) -> None:
    image, kernel = draw(5, 6, 2), draw(3, 2, 2, 4)
    first = data_format == "channels_first"
    saved = kernel.transpose(3, 2, 0, 1) if first else kernel
    write_file(tmp_path / "w.h5", {"conv": [saved, np.zeros(4, "float32")]})
    x = image.transpose(2, 0, 1)[None] if first else image[None]
    model = model_of(L.Conv2D(4, (3, 2), data_format=data_format), *x.shape[1:])
    model.load_weights(tmp_path / "w.h5")
    result = model.predict(x)[0]
    np.testing.assert_allclose(
        result.transpose(1, 2, 0) if first else result, correlate(image, kernel), rtol=1e-4, atol=1e-5
    )


def test_kernels_of_theano_are_turned_around(tmp_path: Path) -> None:
    image, kernel = draw(5, 6, 2), draw(3, 2, 2, 4)
    arrays = [kernel[::-1, ::-1], np.zeros(4, "float32")]
    write_file(tmp_path / "w.h5", {"conv": arrays}, keras_version="2.0.8", backend="theano")
    model = model_of(L.TimeDistributed(L.Conv2D(4, (3, 2))), 1, 5, 6, 2)
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_allclose(
        model.predict(image[None, None])[0, 0], correlate(image, kernel), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("make", "shape", "saved", "axes"),
    [
        (lambda: L.Conv1D(4, 3), (7, 2), (3, 1, 2, 4), None),
        (lambda: L.Conv1D(4, 3), (7, 2), (4, 2, 3, 1), (2, 3, 1, 0)),
        (
            lambda: L.Conv3D(4, (1, 2, 3), data_format="channels_first"),
            (5, 3, 3, 3),
            (4, 5, 1, 2, 3),
            (2, 3, 4, 1, 0),
        ),
        (lambda: L.Conv2DTranspose(4, (2, 3)), (5, 5, 6), (2, 3, 6, 4), (0, 1, 3, 2)),
        (
            lambda: L.Conv2DTranspose(4, (2, 3), data_format="channels_first"),
            (6, 5, 5),
            (4, 6, 2, 3),
            (2, 3, 0, 1),
        ),
    ],
)
def test_axes_of_keras_1(make: Any, shape: Any, saved: Any, axes: Any) -> None:
    model, array = model_of(make(), *shape), draw(*saved)
    layer = model.layers[-1]
    kernel = convert_weights(layer, [array, np.zeros(4)], KERAS_1)[0]
    assert kernel.shape == K.int_shape(layer.kernel)
    expected = array if axes is None else array.transpose(axes)
    np.testing.assert_array_equal(kernel.ravel(), expected.ravel())


def test_conv_lstm_of_keras_1() -> None:
    model = model_of(L.ConvLSTM2D(2, 3, data_format="channels_first"), 4, 5, 6, 6)
    gates = {name: [draw(2, 5, 3, 3) + n, draw(2, 2, 3, 3) + n, draw(2) + n] for n, name in enumerate("icfo")}
    kernel, recurrent, bias = convert_weights(model.layers[-1], flat(gates), KERAS_1)
    for position, name in enumerate("ifco"):
        part = slice(2 * position, 2 * position + 2)
        np.testing.assert_array_equal(kernel[..., part], gates[name][0].transpose(2, 3, 1, 0))
        np.testing.assert_array_equal(recurrent[..., part], gates[name][1].transpose(2, 3, 1, 0))
        np.testing.assert_array_equal(bias[part], gates[name][2])


# The layers of cuDNN, against what tf_keras made of the same weights.

STANDARD: dict[str, Any] = {
    "lstm": lambda: L.LSTM(2, recurrent_activation="sigmoid"),
    "gru": lambda: L.GRU(2, recurrent_activation="sigmoid", reset_after=True),
}
CUDNN: dict[str, Any] = {"lstm": lambda: L.CuDNNLSTM(2), "gru": lambda: L.CuDNNGRU(2)}
WRAPPERS: dict[str, Any] = {"plain": lambda layer: layer, "bidirectional": L.Bidirectional}


def numbered(archive: Any, prefix: str) -> list[np.ndarray]:
    found = [name for name in archive.files if name.startswith(prefix) and name[len(prefix) :].isdigit()]
    return [archive[f"{prefix}{number}"] for number in range(len(found))]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("kind", STANDARD)
def test_cudnn_layers_take_the_weights_of_standard_ones_and_back(kind: str, wrapper: str) -> None:
    with np.load(FIXTURES / "tf_keras" / "cudnn_weights.npz") as archive:
        case, x = f"{kind}_{wrapper}", archive["x"]
        standard, cudnn = numbered(archive, f"{case}_standard_"), numbered(archive, f"{case}_cudnn_")
        drawn, expected, expected_back = (
            numbered(archive, f"{case}_back_cudnn_"),
            archive[f"{case}_y"],
            archive[f"{case}_back_y"],
        )
    fast = model_of(WRAPPERS[wrapper](CUDNN[kind]()), 4, 3)
    converted = convert_weights(fast.layers[-1], standard, KERAS_2)
    for own, recorded in zip(converted, cudnn, strict=True):
        np.testing.assert_array_equal(own, recorded)
    fast.set_weights(cudnn)
    np.testing.assert_allclose(fast.predict(x), expected, rtol=1e-4, atol=1e-5)
    slow = model_of(WRAPPERS[wrapper](STANDARD[kind]()), 4, 3)
    slow.set_weights(convert_weights(slow.layers[-1], drawn, KERAS_2))
    np.testing.assert_allclose(slow.predict(x), expected_back, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", STANDARD)
def test_cudnn_layers_are_converted_in_files(tmp_path: Path, kind: str) -> None:
    def build(layer: Any) -> Any:
        x = L.Input((4, 3))
        inner = Model(x, L.Bidirectional(layer)(x), name="inner")
        return Sequential([L.Dense(3, input_shape=(4, 2)), inner])

    slow, fast = build(STANDARD[kind]()), build(CUDNN[kind]())
    x = draw(3, 4, 2)
    slow.set_weights([np.random.RandomState(n).randn(*w.shape) for n, w in enumerate(slow.get_weights())])
    slow.save_weights(tmp_path / "slow.h5")
    fast.load_weights(tmp_path / "slow.h5")
    np.testing.assert_allclose(fast.predict(x), slow.predict(x), rtol=1e-4, atol=1e-5)
    fast.save_weights(tmp_path / "fast.h5")
    again = build(STANDARD[kind]())
    again.load_weights(tmp_path / "fast.h5")
    np.testing.assert_allclose(again.predict(x), slow.predict(x), rtol=1e-4, atol=1e-5)


def test_a_gru_that_resets_before_the_product_has_no_sister() -> None:
    message = r"GRU\(reset_after=False\) is not compatible with CuDNNGRU"
    plain, fast = model_of(L.GRU(2), 4, 3), model_of(L.CuDNNGRU(2), 4, 3)
    with pytest.raises(ValueError, match=message):
        convert_weights(fast.layers[-1], plain.get_weights(), KERAS_2)
    with pytest.raises(ValueError, match=r"CuDNNGRU is not compatible with GRU\(reset_after=False\)"):
        convert_weights(plain.layers[-1], fast.get_weights(), KERAS_2)


def test_a_bias_of_no_known_shape_is_told() -> None:
    layer = model_of(L.LSTM(2), 4, 3).layers[-1]
    with pytest.raises(ValueError, match=r"bias of 2 units has the shape \(9,\)"):
        convert_weights(layer, [draw(3, 8), draw(2, 8), draw(9)], KERAS_2)
