"""The samples of section 3.3, the frequent questions."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine.backend.config import read_configuration
from tests.engine.web_server import WebServer
from tests.manual.printed import keras, read_sample, run_sample
from tests.manual.weights import publish_weights


def make_model(**layer: Any) -> Any:
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(3,), **layer), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class AttentionLayer(keras.layers.Layer):
    """Weighs features by how strong they are."""

    def call(self, inputs):
        return inputs * K.softmax(inputs)


def test_data_parallelism() -> None:
    layers = [keras.layers.Dense(5, activation="softmax", input_shape=(3,))]
    model = keras.models.Sequential(layers)
    before = model.get_weights()
    x, y = np.random.random((300, 3)), np.eye(5)[np.random.randint(5, size=300)]
    ended = run_sample("s03_3_4_1_data_parallel", model=model, x=x, y=y)
    assert len(ended.parallel_model.history.epoch) == 2
    assert (model.get_weights()[0] != before[0]).any()
    np.testing.assert_allclose(ended.parallel_model.predict(x), model.predict(x), rtol=1e-6)
    with pytest.raises(ValueError, match="gpus=8"):
        keras.utils.multi_gpu_model(model, gpus=8)


def test_device_parallelism() -> None:
    """TensorFlow's scopes of devices are the backend's own; what is on GPUs isn't run."""
    ended = run_sample("s03_3_4_2_device_parallel", tf=SimpleNamespace(device_scope=K.device_scope))
    assert ended.merged_vector._keras_shape == (None, 128)
    assert len(ended.shared_lstm._inbound_nodes) == 2


def test_saving_a_model() -> None:
    model, x, y = make_model(), np.random.random((8, 3)), np.random.random((8, 1))
    model.fit(x, y, verbose=0)
    before = model.evaluate(x, y, verbose=0)
    ended = run_sample("s03_3_6_1_save", model=model)
    assert ended.model is not model
    assert ended.model.evaluate(x, y, verbose=0) == pytest.approx(before, rel=1e-6)


def test_saving_an_architecture() -> None:
    model = make_model()
    ended = run_sample("s03_3_6_2_architecture", model=model)
    assert json.loads(ended.json_string)["class_name"] == "Sequential"
    assert "class_name: Sequential" in ended.yaml_string
    assert ended.model.get_config() == model.get_config()


def test_saving_weights() -> None:
    model = make_model()
    before = model.get_weights()
    run_sample("s03_3_6_3_weights", model=model)
    with h5py.File("my_model_weights.h5") as file:
        assert [name.decode() for name in file.attrs["layer_names"]] == ["dense_1", "dense_2"]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_by_name() -> None:
    model = keras.models.Sequential()
    model.add(keras.layers.Dense(2, input_dim=3, name="dense_1"))
    model.add(keras.layers.Dense(3, name="dense_2"))
    model.save_weights("old.h5")
    ended = run_sample("s03_3_6_3_by_name", fname="old.h5")
    np.testing.assert_array_equal(ended.model.get_weights()[0], model.get_weights()[0])
    assert ended.model.output_shape == (None, 10)


@pytest.mark.parametrize("name", ["s03_3_6_4_custom_objects", "s03_3_6_4_scope"])
def test_custom_objects(name: str) -> None:
    model = keras.models.Sequential([AttentionLayer(input_shape=(3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.save("my_model.h5")
    ended = run_sample(name, AttentionLayer=AttentionLayer)
    x = np.random.random((4, 3))
    assert type(ended.model.layers[0]) is AttentionLayer
    np.testing.assert_array_equal(ended.model.predict(x), model.predict(x))


def test_outputs_in_both_phases() -> None:
    """The text lacks the line that makes the function; it is the one of Keras's own page."""
    layers = [
        keras.layers.Dense(40, input_shape=(3,)),
        keras.layers.Activation("tanh"),
        keras.layers.Dropout(0.5),
    ]
    model = keras.models.Sequential(layers)
    function = K.function([model.layers[0].input, K.learning_phase()], [model.layers[2].output])
    x = np.random.random((4, 3))
    ended = run_sample("s03_3_8_phases", get_3rd_layer_output=function, x=x)
    assert (ended.layer_output == 0).any()
    np.testing.assert_allclose(function([x, 0])[0], model.predict(x), rtol=1e-6)


def test_early_stopping() -> None:
    ended = run_sample("s03_3_10_early_stopping", model=make_model(), x=np.ones((20, 3)), y=np.ones((20, 1)))
    assert ended.early_stopping.patience == 2
    assert list(ended.model.history.history) == ["val_loss", "loss"]


def test_history(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_sample("s03_3_13_history", model=make_model(), x=np.ones((20, 3)), y=np.ones((20, 1)))
    assert list(ended.hist.history) == ["val_loss", "loss"]
    assert f"{ended.hist.history}\n" in capsys.readouterr().out


def test_frozen_layers() -> None:
    assert run_sample("s03_3_14_frozen_layer").frozen_layer.trainable is False
    data, labels = np.random.random((40, 32)), np.random.random((40, 32))
    kernels = []

    class Watch(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            kernels.append(self.model.get_weights()[0])

    class Model(keras.models.Model):
        def fit(self, *args):
            kernels.append(self.get_weights()[0])
            return super().fit(*args, callbacks=[Watch()])

    with pytest.warns(UserWarning, match="Discrepancy between trainable weights"):
        run_sample("s03_3_14_frozen_model", data=data, labels=labels, Model=Model)
    frozen_before, frozen_after, trained_before, trained_after = kernels
    np.testing.assert_array_equal(frozen_before, frozen_after)
    assert (trained_before != trained_after).any()


def test_stateful_network() -> None:
    ended = run_sample("s03_3_15_stateful", x=np.random.random((32, 21, 16)))
    assert ended.model.output_shape == (32, 16)
    assert all((state == 0).all() for state in K.batch_get_value(ended.model.layers[0].states))


def test_removing_a_layer(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_sample("s03_3_16_pop")
    assert capsys.readouterr().out.split() == ["2", "1"]
    assert ended.model.output_shape == (None, 32)


def test_pretrained_models(web: WebServer, keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_weights("vgg16", True, web, monkeypatch)
    ended = run_sample("s03_3_17_applications")
    assert ended.model.count_params() == 138_357_544
    assert {type(ended.Xception), type(ended.MobileNet)} == {type(run_sample)}
    assert (keras_home / "models" / "vgg16.h5").exists()


def test_hdf5_as_input() -> None:
    x = np.random.random((40, 3)).astype("float32")
    Path("input").mkdir()
    with h5py.File("input/file.hdf5", "w") as file:
        file["x_data"] = x
    model = make_model()
    seen = []
    monitored = model.predict
    model.predict = lambda data: seen.append(monitored(data))
    run_sample("s03_3_18_hdf5", model=model)
    np.testing.assert_array_equal(seen[0], monitored(x))


@pytest.mark.parametrize("name", ["s03_3_19_configuration", "s14_2_configuration", "s14_3_configuration"])
def test_configuration_file(name: str) -> None:
    """The file that the text shows is read, though the backend stays the engine's."""
    Path("keras.json").write_text(read_sample(name).replace("32", "64").replace("last", "first"))
    assert read_configuration(Path("keras.json")) == {
        "image_data_format": "channels_first",
        "epsilon": 1e-07,
        "floatx": "float64",
        "backend": "torch",
    }
