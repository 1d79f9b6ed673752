"""What later lines of Keras write: read where the engine can do it, refused by name and reason elsewhere."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential, model_from_json
from engine.saving import DefinitionError, read_definition

POLICY = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def tensor(name: str) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": [name, 0, 0]}}


def functional(*entries: dict[str, Any]) -> str:
    """A model of Keras 3 with an input `x` of size 3 whose output is the last entry's."""
    first = {
        "class_name": "InputLayer",
        "name": "x",
        "config": {"batch_shape": [None, 3], "dtype": "float32", "name": "x"},
        "inbound_nodes": [],
    }
    last = entries[-1]["name"]
    config = {
        "name": "model",
        "layers": [first, *entries],
        "input_layers": [["x", 0, 0]],
        "output_layers": [[last, 0, 0]],
    }
    return json.dumps({"class_name": "Functional", "config": config})


def entry(class_name: str, name: str, args: list[Any], kwargs: Any = None, **config: Any) -> dict[str, Any]:
    nodes = [{"args": args, "kwargs": kwargs or {}}]
    return {
        "class_name": class_name,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": nodes,
    }


def test_a_layer_that_is_known_elsewhere_is_refused_with_the_reason() -> None:
    text = functional(entry("TextVectorization", "words", [tensor("x")], trainable=True))
    with pytest.raises(
        DefinitionError, match="words: Layer TextVectorization is not supported: it turns text"
    ) as caught:
        read_definition(text)
    assert caught.value.pointer == "/config/layers/1/class_name"


def test_a_custom_layer_of_a_refused_name_is_taken() -> None:
    class Hashing(L.Layer):
        """A layer of one's own."""

    text = functional(entry("Hashing", "own", [tensor("x")], trainable=True))
    model = model_from_json(text, {"Hashing": Hashing})
    assert isinstance(model.layers[-1], Hashing)


def test_a_function_stands_between_layers() -> None:
    text = functional(
        entry("Multiply", "double", [tensor("x"), 2.0]),
        entry("Subtract", "less", [1.0, tensor("double")]),
        entry("GetItem", "part", [tensor("less"), [{"class_name": "__ellipsis__", "config": {}}, 0]]),
    )
    values = np.array([[1, 2, 3], [4, 5, 6]], "float32")
    np.testing.assert_array_equal(read_definition(text).build().predict(values), (1 - 2 * values)[:, 0])


def test_an_unknown_function_of_tensorflow_is_refused() -> None:
    node = ["x", 0, 0, {"axis": 1, "name": None}]
    unknown = {
        "class_name": "TFOpLambda",
        "name": "tf.signal.fft",
        "config": {"name": "tf.signal.fft", "trainable": True, "function": "signal.fft"},
        "inbound_nodes": [node],
    }
    with pytest.raises(
        ValueError, match=r"'tf.signal.fft' is TensorFlow's function signal.fft, which the engine does not"
    ):
        read_definition(functional(unknown)).build()


@pytest.mark.parametrize(("dtype", "expected"), [(POLICY, 0.5 + 1 / 6), ("float32", 0.7)])
def test_hard_sigmoid_is_the_one_of_the_line_that_wrote_it(dtype: Any, expected: float) -> None:
    layer = entry("Activation", "a", [tensor("x")], trainable=True, dtype=dtype, activation="hard_sigmoid")
    model = model_from_json(functional(layer))
    np.testing.assert_allclose(model.predict(np.ones((1, 3), "float32")), expected, rtol=1e-6)


def test_a_mask_in_a_call_is_the_input_s_mask() -> None:
    text = functional(
        entry("Greater", "mask", [tensor("x"), 0.0]),
        entry("Reshape", "steps", [tensor("x")], trainable=True, target_shape=[3, 1]),
        entry("GlobalAveragePooling1D", "mean", [tensor("steps")], {"mask": tensor("mask")}, trainable=True),
    )
    model = model_from_json(text)
    np.testing.assert_allclose(model.predict(np.array([[1, -5, 3]], "float32")), [[2.0]])


def test_arguments_that_mean_nothing_stay_out_of_the_configuration() -> None:
    neutral = [
        L.Conv2D(2, 1, groups=1),
        L.Conv2DTranspose(2, 1, output_padding=None, dilation_rate=1),
        L.UpSampling2D(interpolation="nearest"),
        L.GlobalMaxPooling2D(keepdims=False),
    ]
    later = {"groups", "output_padding", "interpolation", "keepdims"}
    assert [later & layer.get_config().keys() for layer in neutral] == [set()] * 4
    assert "dilation_rate" not in neutral[1].get_config()
    assert L.Conv2D(2, 1, groups=2).get_config()["groups"] == 2
    assert L.UpSampling2D(interpolation="bilinear").get_config()["interpolation"] == "bilinear"


def test_groups_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="can't split 3 channels and 4 filters into 2 groups"):
        Sequential([L.Conv2D(4, 1, groups=2, input_shape=(5, 5, 3))])
    with pytest.raises(ValueError, match="can't split 3 channels into 2 groups"):
        Sequential([L.GroupNormalization(2, input_shape=(5, 3))])


def test_normalization_takes_its_numbers_from_data() -> None:
    data = np.random.RandomState(2).randn(50, 3).astype("float32") * 4 + 2
    x = L.Input((3,))
    layer = L.Normalization()
    layer.adapt(data)
    scaled = Model(x, layer(x)).predict(data)
    np.testing.assert_allclose(scaled, (data - data.mean(0)) / data.std(0), rtol=1e-4, atol=1e-5)


def test_a_layer_of_keras_2_is_no_function_of_its_name() -> None:
    inputs = [
        {"class_name": "InputLayer", "name": name, "config": {"name": name, "batch_input_shape": [None, 2]}}
        for name in "ab"
    ]
    added = {"class_name": "Add", "config": {"name": "add"}, "name": "add"}
    added["inbound_nodes"] = [[["a", 0, 0, {}], ["b", 0, 0, {}]]]
    config = {
        "layers": [*({**item, "inbound_nodes": []} for item in inputs), added],
        "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [["add", 0, 0]],
    }
    model = read_definition(json.dumps({"class_name": "Model", "config": config})).build()
    assert type(model.get_layer("add")).__name__ == "Add"
