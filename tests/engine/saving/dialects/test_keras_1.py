"""Models as Keras 1 wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

from engine import backend as K
from engine.models import load_model, model_from_json, model_from_yaml
from engine.saving import DefinitionError, hdf5, read_definition

WEIGHTS = {"W_regularizer": None, "b_regularizer": None, "activity_regularizer": None}
DENSE = {**WEIGHTS, "W_constraint": None, "b_constraint": None, "init": "glorot_uniform", "bias": True}
CONVOLUTION = {
    **DENSE,
    "subsample": [1, 1],
    "border_mode": "valid",
    "dim_ordering": "tf",
    "activation": "relu",
}
RECURRENT = {
    "return_sequences": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "consume_less": "cpu",
    "input_length": None,
    "init": "glorot_uniform",
    "inner_init": "orthogonal",
    "forget_bias_init": "one",
    "activation": "tanh",
    "inner_activation": "hard_sigmoid",
    "W_regularizer": None,
    "U_regularizer": None,
    "b_regularizer": None,
    "dropout_W": 0.1,
    "dropout_U": 0.2,
}


def entry(class_name: str, name: str, shape: list[int | None] | None = None, **config: Any) -> dict[str, Any]:
    given = {} if shape is None else {"batch_input_shape": shape, "input_dtype": "float32"}
    return {"class_name": class_name, "config": {"name": name, "trainable": True, **given, **config}}


def sequential(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": list(entries), "keras_version": "1.2.2"}


PENALIZED = entry(
    "Dense",
    "dense_1",
    [None, 5],
    **{
        **DENSE,
        "output_dim": 3,
        "input_dim": 5,
        "activation": "relu",
        "init": "he_normal",
        "bias": False,
        "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.25},
        "activity_regularizer": {"name": "L1L2Regularizer", "l1": 0.5, "l2": 0.0},
        "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0},
        "b_constraint": {"name": "NonNeg"},
    },
)


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def read(definition: dict[str, Any]) -> Any:
    return model_from_json(json.dumps(definition))


def check_penalized(config: dict[str, Any]) -> None:
    assert (config["units"], config["use_bias"], config["dtype"]) == (3, False, "float32")
    assert config["kernel_regularizer"] == {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.25}}
    assert config["activity_regularizer"] == {"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.0}}
    assert config["kernel_constraint"] == {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 0}}
    assert config["bias_constraint"] == {"class_name": "NonNeg", "config": {}}
    assert config["kernel_initializer"]["config"]["scale"] == 2.0


def test_arguments_penalties_and_constraints() -> None:
    dropout = entry("Dropout", "dropout_1", p=0.3)
    top = entry("Dense", "dense_2", **DENSE, output_dim=2, input_dim=3, activation="softmax")
    model = read(sequential(PENALIZED, dropout, top))
    check_penalized(model.layers[0].get_config())
    assert model.layers[1].rate == 0.3
    assert model.output_shape == (None, 2)
    assert not hasattr(model.layers[2], "batch_input_shape")
    # What the engine writes of it is Keras 2's.
    assert read(json.loads(model.to_json())).to_json() == model.to_json()


def test_yaml_with_the_tags_of_tuples_that_keras_writes() -> None:
    layer = {**PENALIZED, "config": {**PENALIZED["config"], "batch_input_shape": (None, 5)}}
    text = yaml.dump(sequential(layer))
    assert "!!python/tuple" in text
    for model in (model_from_yaml(text), read_definition(text).build()):
        check_penalized(model.layers[0].get_config())
        assert model.input_shape == (None, 5)


@pytest.mark.parametrize("tag", ["object/apply:os.getcwd", "name:os.getcwd", "module:os"])
def test_tags_of_other_objects_are_refused(tag: str) -> None:
    text = yaml.dump(sequential(PENALIZED)).replace("he_normal", f"!!python/{tag} ''")
    with pytest.raises(yaml.YAMLError, match="could not determine a constructor"):
        model_from_yaml(text)
    with pytest.raises(DefinitionError, match="could not determine a constructor"):
        read_definition(text)


def test_images() -> None:
    definition = sequential(
        entry("ZeroPadding2D", "zeropadding2d_1", [None, 3, 8, 8], padding=[1, 1, 2, 2], dim_ordering="th"),
        entry(
            "Convolution2D",
            "convolution2d_1",
            **{**CONVOLUTION, "dim_ordering": "th"},
            nb_filter=4,
            nb_row=3,
            nb_col=2,
        ),
        entry(
            "AtrousConvolution2D",
            "atrousconvolution2d_1",
            **{**CONVOLUTION, "dim_ordering": "th"},
            nb_filter=4,
            nb_row=2,
            nb_col=2,
            atrous_rate=[2, 2],
        ),
        entry("MaxPooling2D", "m", pool_size=[2, 2], strides=[2, 2], border_mode="same", dim_ordering="th"),
        entry(
            "BatchNormalization",
            "b",
            epsilon=1e-3,
            mode=0,
            axis=1,
            momentum=0.9,
            gamma_regularizer=None,
            beta_regularizer=None,
        ),
        entry("Flatten", "flatten_1"),
        entry("Dense", "dense_1", **DENSE, output_dim=2, input_dim=64, activation="linear"),
    )
    model = read(definition)
    assert [layer.output_shape[1:] for layer in model.layers] == [
        (3, 10, 12), (4, 8, 11), (4, 6, 9), (4, 3, 5), (4, 3, 5), (60,), (2,)
    ]  # fmt: skip


def test_sequences_in_wrappers() -> None:
    model = read(
        sequential(
            entry(
                "Embedding",
                "embedding_1",
                [None, 6],
                **{
                    "input_dim": 20,
                    "output_dim": 4,
                    "init": "uniform",
                    "input_length": 6,
                    "mask_zero": True,
                    "activity_regularizer": None,
                    "W_regularizer": None,
                    "W_constraint": None,
                    "dropout": 0.0,
                },
            ),
            entry(
                "Bidirectional",
                "bidirectional_1",
                layer=entry(
                    "LSTM", "lstm_1", **{**RECURRENT, "return_sequences": True}, output_dim=3, input_dim=4
                ),
                merge_mode="sum",
            ),
            entry(
                "TimeDistributed",
                "timedistributed_1",
                layer=entry("Dense", "dense_1", **DENSE, output_dim=2, input_dim=3, activation="relu"),
            ),
            entry(
                "TimeDistributedDense",
                "d",
                **DENSE,
                output_dim=5,
                input_dim=2,
                input_length=6,
                activation="relu",
            ),
            entry(
                "GRU",
                "gru_1",
                **{k: v for k, v in RECURRENT.items() if k[:6] != "forget"},
                output_dim=3,
                input_dim=5,
            ),
        )
    )
    inner = model.layers[1].layer
    assert (inner.units, inner.dropout, inner.recurrent_dropout, inner.implementation) == (3, 0.1, 0.2, 1)
    assert inner.unit_forget_bias is True
    assert [layer.output_shape[1:] for layer in model.layers] == [(6, 4), (6, 3), (6, 2), (6, 5), (3,)]


def merge_entry(**config: Any) -> dict[str, Any]:
    raw = {"mode": "concat", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1}
    shape = {"output_shape": None, "output_shape_type": "raw", "output_mask": None, "output_mask_type": "raw"}
    return entry("Merge", "merge_1", **{**raw, **shape, "arguments": {}, **config})


def branches(**config: Any) -> dict[str, Any]:
    sides = [
        {
            "class_name": "Sequential",
            "config": [entry("Dense", name, [None, 3], **DENSE, output_dim=4, activation="tanh")],
        }
        for name in ("left", "right")
    ]
    top = entry("Dense", "top", **DENSE, output_dim=1, input_dim=8, activation="linear")
    return sequential(merge_entry(layers=sides, **config), top)


def test_branches_that_are_merged() -> None:
    definition = branches()
    for model in (read(definition), read_definition(definition).build()):
        assert [tensor.shape for tensor in model.inputs] == [(None, 3), (None, 3)]
        assert model.output_shape == (None, 1)
        assert model.count_params() == 2 * (3 * 4 + 4) + 8 + 1


def test_functional_models() -> None:
    def placed(described: dict[str, Any], *inbound: str) -> dict[str, Any]:
        nodes = [[[name, 0, 0] for name in inbound]] if inbound else []
        return {**described, "name": described["config"]["name"], "inbound_nodes": nodes}

    shape = {"batch_input_shape": [None, 3], "input_dtype": "float32", "sparse": False}
    model = read(
        {
            "class_name": "Model",
            "config": {
                "name": "model_1",
                "layers": [
                    placed({"class_name": "InputLayer", "config": {"name": "a", **shape}}),
                    placed({"class_name": "InputLayer", "config": {"name": "b", **shape}}),
                    placed(merge_entry(mode="mul"), "a", "b"),
                    placed(
                        entry("Dense", "d", **DENSE, output_dim=2, input_dim=3, activation="relu"), "merge_1"
                    ),
                ],
                "input_layers": [["a", 0, 0], ["b", 0, 0]],
                "output_layers": [["d", 0, 0]],
            },
        }
    )
    kernel = np.arange(6.0).reshape(3, 2)
    model.set_weights([kernel, np.zeros(2)])
    a, b = np.ones((1, 3)), np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(model.predict([a, b]), b @ kernel)


@pytest.mark.parametrize("key", ["mode_type", "output_shape_type", "output_mask_type"])
@pytest.mark.parametrize("kind", ["lambda", "function"])
def test_code_in_a_merge_of_a_stranger_is_refused(key: str, kind: str) -> None:
    with pytest.raises(DefinitionError, match="marks code") as caught:
        read_definition(branches(**{key: kind}))
    assert caught.value.pointer == "/config/0/config"


@pytest.mark.parametrize("mode", ["unknown", ["sum"], {"class_name": "x"}, 3])
def test_a_mode_of_a_stranger_is_checked(mode: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_definition(branches(mode=mode)).build()
    assert caught.value.pointer.startswith("/config/0")


def test_what_keras_2_lacks_is_told() -> None:
    with pytest.raises(ValueError, match=r"'b'.*no `mode`"):
        read(sequential(entry("BatchNormalization", "b", [None, 3], mode=1)))
    with pytest.raises(ValueError, match="EigenvalueRegularizer"):
        read(
            sequential(
                entry(
                    "Dense",
                    "d",
                    [None, 3],
                    output_dim=2,
                    W_regularizer={"name": "EigenvalueRegularizer", "k": 1},
                )
            )
        )
    with pytest.raises(ValueError, match="SReLU"):
        read(sequential(entry("SReLU", "s", [None, 3])))


def test_deep_nesting_takes_no_more_than_its_size() -> None:
    layer = entry("Dense", "d", **DENSE, output_dim=2)
    for depth in range(25):
        layer = entry("TimeDistributed", f"t{depth}", layer=layer)
    layer["config"]["batch_input_shape"] = [None] + [1] * 25 + [3]
    assert read(sequential(layer)).output_shape[-1] == 2


def test_whole_model_files(tmp_path: Path) -> None:
    conv = entry(
        "Convolution2D",
        "c",
        [None, 2, 4, 4],
        **{**CONVOLUTION, "dim_ordering": "th"},
        nb_filter=3,
        nb_row=2,
        nb_col=2,
    )
    config = sequential(
        conv, entry("Flatten", "f"), entry("Dense", "d", **DENSE, output_dim=1, activation="linear")
    )
    del config["keras_version"]
    random = np.random.RandomState(0)
    kernel, dense = random.randn(3, 2, 2, 2).astype("f4"), random.randn(27, 1).astype("f4")
    training = {
        "optimizer_config": {
            "class_name": "SGD",
            "config": {"lr": 0.5, "momentum": 0.0, "decay": 0.0, "nesterov": False},
        },
        "loss": "mse",
        "metrics": [],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    with h5py.File(tmp_path / "m.h5", "w") as file:
        hdf5.write_string(file, "keras_version", "1.2.2")
        hdf5.write_string(file, "model_config", json.dumps(config))
        hdf5.write_string(file, "training_config", json.dumps(training))
        group = file.create_group("model_weights")
        hdf5.write_names(group, "layer_names", ["c", "f", "d"])
        hdf5.write_arrays(group.create_group("c"), ["c_W", "c_b"], [kernel, np.zeros(3, "f4")])
        hdf5.write_arrays(group.create_group("f"), [], [])
        hdf5.write_arrays(group.create_group("d"), ["d_W", "d_b"], [dense, np.zeros(1, "f4")])
    model = load_model(tmp_path / "m.h5")
    assert K.get_value(model.optimizer.lr) == 0.5
    x = random.randn(2, 2, 4, 4).astype("f4")
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3))
    features = np.maximum(np.einsum("nirckl,fikl->nfrc", windows, kernel), 0).reshape(2, -1)
    np.testing.assert_allclose(model.predict(x), features @ dense, rtol=1e-4, atol=1e-5)
