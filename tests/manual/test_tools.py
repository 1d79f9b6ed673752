"""The samples of chapters 15 to 18 and 20: initializers, regularizers, constraints, drawing and utilities."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from engine import backend as K
from tests.manual.printed import keras, run_sample

X = np.random.default_rng(0).random((20, 3))


def make_model(units: int = 3) -> Any:
    return keras.models.Sequential([keras.layers.Dense(units, input_shape=(3,))])


def added_weights(name: str, **given: Any) -> list[np.ndarray]:
    """Return the weights of the layers that a sample adds to a model."""
    ended = run_sample(name, model=make_model(), **given)
    return ended.model.get_weights()[2:]


def test_initializers() -> None:
    kernel, bias = added_weights("s15_1_names")
    assert np.abs(kernel).max() <= 0.05
    assert (bias == 0).all()
    first, _, second, _ = added_weights("s15_2_random_normal")
    assert first.std() == pytest.approx(0.01, rel=0.3)
    assert second.std() == pytest.approx(0.05, rel=0.1)
    assert added_weights("s15_3_own_initializer")[0].std() == pytest.approx(1, rel=0.3)


def penalties(model: Any) -> float:
    """Return what a model's weights and outputs add to the loss of a batch."""
    model.compile("sgd", "mse")
    return model.evaluate(X, model.predict(X), batch_size=20, verbose=0)


def test_regularizers() -> None:
    model = run_sample("s16_2_regularizers", model=make_model()).model
    kernel = model.get_weights()[2]
    expected = 0.01 * (kernel**2).sum() + 0.01 * np.abs(model.predict(X)).sum()
    assert penalties(model) == pytest.approx(expected, rel=1e-4)
    run_sample("s16_3_regularizers")
    model = run_sample("s16_4_own_regularizer", model=make_model()).model
    assert penalties(model) == pytest.approx(0.01 * np.abs(model.get_weights()[2]).sum(), rel=1e-4)


def test_constraint() -> None:
    model = run_sample("s17_1_constraint", model=make_model()).model
    model.compile(keras.optimizers.SGD(lr=100.0), "mse")
    model.train_on_batch(X, np.random.normal(size=(20, 64), scale=100))
    norms = np.sqrt((model.get_weights()[2] ** 2).sum(axis=0))
    assert norms.max() == pytest.approx(2, rel=1e-5)


def test_drawing_a_model(dot_path: str) -> None:
    run_sample("s18_plot_model", model=make_model())
    with Image.open("model.png") as picture:
        assert picture.format == "PNG"


def test_drawing_in_a_notebook(dot_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    display: Any = ModuleType("IPython.display")
    shown: list[bytes] = []
    display.SVG = shown.append
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    run_sample("s18_svg", model=make_model())
    assert b"</svg>" in shown[0]
    assert b"dense_1" in shown[0]


def test_custom_objects() -> None:
    def double(weights: Any) -> Any:
        return 2 * K.sum(weights)

    layer = run_sample("s20_1_custom_objects", MyObject=double, **scope()).layer
    assert layer.kernel_regularizer is double


def scope() -> dict[str, Any]:
    return {name: getattr(keras.utils, name) for name in ("CustomObjectScope", "HDF5Matrix", "Sequence")}


def test_hdf5_matrix() -> None:
    Path("input").mkdir()
    with h5py.File("input/file.hdf5", "w") as file:
        file["data"] = X
    model = make_model()
    seen: list[np.ndarray] = []
    predict = model.predict
    model.predict = lambda data: seen.append(predict(data))
    ended = run_sample("s20_2_hdf5_matrix", model=model, **scope())
    assert ended.x_data.shape == (20, 3)
    np.testing.assert_array_equal(seen[0], predict(X))


def test_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample reads images by scikit-image, for which Pillow stands in."""
    modules: dict[str, Any] = {
        f"skimage{part}": ModuleType(f"skimage{part}") for part in ("", ".io", ".transform")
    }
    modules["skimage.io"].imread = lambda path: np.asarray(Image.open(path))
    modules["skimage.transform"].resize = lambda image, size: (
        np.asarray(Image.fromarray(image).resize(size)) / 255
    )
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    for number in range(5):
        Image.fromarray(np.random.randint(0, 256, (9, 9, 3)).astype("uint8")).save(f"{number}.png")
    made = run_sample("s20_3_sequence", **scope()).CIFAR10Sequence
    sequence = made([f"{number}.png" for number in range(5)], np.arange(5), 2)
    layers = [keras.layers.GlobalAveragePooling2D(input_shape=(200, 200, 3)), keras.layers.Dense(1)]
    model = keras.models.Sequential(layers)
    model.compile("sgd", "mse")
    history = model.fit_generator(sequence, epochs=2, verbose=0)
    assert len(sequence) == 3
    assert [len(sequence[number][1]) for number in range(3)] == [2, 2, 1]
    assert np.isfinite(history.history["loss"]).all()


def test_several_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow's scopes of devices are the backend's own."""
    tensorflow: Any = ModuleType("tensorflow")
    tensorflow.device = K.device_scope
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    ended = run_sample("s20_9_multi_gpu")
    assert np.isfinite(ended.parallel_model.history.history["loss"]).all()
    saved = keras.models.load_model("my_model.h5", compile=False)
    np.testing.assert_allclose(
        saved.predict(ended.x), ended.parallel_model.predict(ended.x), rtol=1e-4, atol=1e-6
    )
