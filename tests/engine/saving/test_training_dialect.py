"""How later lines say how a model was compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers, losses, optimizers
from engine.models import Sequential, load_model
from engine.saving.dialects import training_to_keras_2
from engine.saving.dialects.training import optimizer_to_keras_2


def later(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": class_name.lower(), "learning_rate": 0.1, **config}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (later("Custom>SGD", momentum=0.9), {"lr": 0.1, "momentum": 0.9}),
        (later("Adam", clipnorm=1.0, weight_decay=None), {"lr": 0.1, "clipnorm_of_each": 1.0}),
        (later("Adam", global_clipnorm=1.0, use_ema=False), {"lr": 0.1, "clipnorm": 1.0}),
        (later("RMSprop", momentum=0.0), {"lr": 0.1, "has_inner_epsilon": True}),
        (later("RMSprop", decay=0.0), {"lr": 0.1, "decay": 0.0}),
        (later("Nadam"), {"lr": 0.1, "schedule_decay": 1.0}),
        (later("Nadam", decay=0.004), {"lr": 0.1, "schedule_decay": 0.004}),
        ("adam", {"lr": 0.001}),
        ({"class_name": "SGD", "config": {"lr": 0.5, "clipnorm": 2.0}}, {"lr": 0.5, "clipnorm": 2.0}),
    ],
)
def test_optimizers(found: Any, expected: dict[str, Any]) -> None:
    translated = optimizer_to_keras_2(found)
    assert translated["config"] == expected
    optimizers.deserialize(translated)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (later("Adam", use_ema=True), "Adam has use_ema=True"),
        (later("SGD", weight_decay=0.1), "SGD has weight_decay=0.1"),
        (later("SGD", learning_rate={"class_name": "CosineDecay", "config": {}}), "schedule 'CosineDecay'"),
    ],
)
def test_what_2_1_6_lacks_is_refused(found: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        optimizer_to_keras_2(found)


def translate(is_keras_3: bool = True, names: tuple[str, ...] = ("a",), **training: Any) -> dict[str, Any]:
    return training_to_keras_2({"optimizer": "sgd", "loss": "mse", **training}, list(names), is_keras_3)


def test_losses() -> None:
    loss = {
        "module": "keras.losses",
        "class_name": "KLDivergence",
        "config": {"reduction": "auto", "name": "k"},
    }
    named = translate(loss={"a": loss, "b": "log_cosh"}, names=("a", "b"))["loss"]
    assert named == {"a": "kullback_leibler_divergence", "b": "logcosh"}
    assert all(losses.get(name) for name in named.values())
    function = {
        "module": "builtins",
        "class_name": "function",
        "config": "mine",
        "registered_name": "function",
    }
    assert translate(loss=function)["loss"] == "mine"
    with pytest.raises(ValueError, match="'Huber' is none that"):
        translate(loss={"class_name": "Huber", "config": {"delta": 1.0}})
    with pytest.raises(ValueError, match="from_logits=True"):
        translate(loss={"class_name": "BinaryCrossentropy", "config": {"from_logits": True}})


def test_metrics() -> None:
    wrapped = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "b_accuracy", "fn": "categorical_accuracy"},
    }
    own = {"class_name": "MeanAbsoluteError", "config": {"name": "q", "dtype": "float32"}}
    assert translate(metrics=[[own], [wrapped]], names=("a", "b"))["metrics"] == {
        "a": ["mean_absolute_error"],
        "b": ["accuracy"],
    }
    # A list has an item an output in Keras 3, and is for all outputs in tf_keras.
    assert translate(metrics=["mae", "acc"], names=("a", "b"))["metrics"] == {"a": ["mae"], "b": ["acc"]}
    assert translate(False, metrics=["mae", "acc"], names=("a", "b"))["metrics"] == ["mae", "acc"]
    with pytest.raises(ValueError, match="'AUC' is none"):
        translate(metrics=[{"class_name": "AUC", "config": {"name": "auc"}}])


def test_arguments_of_later_optimizers_survive_h5_beside_the_configuration(tmp_path: Any) -> None:
    with K.isolated_state():
        model = Sequential([layers.Dense(1, input_shape=(2,))])
        optimizer = optimizers.Adagrad(0.1, initial_accumulator_value=0.5, clipnorm_of_each=1.0)
        model.compile(optimizer, "mse")
        model.save(tmp_path / "m.h5")
        again = load_model(tmp_path / "m.h5").optimizer
        assert again.get_config() == optimizer.get_config()
        assert again.get_config()["initial_accumulator_value"] == 0.5


def test_clipnorm_of_each_scales_every_gradient_alone() -> None:
    first, second = K.variable(np.array([3.0, 4.0])), K.variable(np.array([0.1]))
    loss = K.sum(first * np.array([3.0, 4.0], "float32")) + K.sum(second * 0.5)
    gradients = optimizers.SGD(clipnorm_of_each=1.0).get_gradients(loss, [first, second])
    found = K.function([], gradients)([])
    np.testing.assert_allclose(found[0], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0.5], rtol=1e-6)


@pytest.mark.parametrize(("name", "start"), [("RMSprop", 0.0), ("Adagrad", 0.25)])
def test_inner_epsilon(name: str, start: float) -> None:
    arguments = {"initial_accumulator_value": start} if start else {}
    optimizer = getattr(optimizers, name)(0.1, epsilon=0.01, has_inner_epsilon=True, **arguments)
    weight = K.variable(np.array([1.0, 2.0]))
    K.function([], [], optimizer.get_updates(K.sum(weight * np.array([0.1, 0.2], "float32")), [weight]))([])
    gradient = np.array([0.1, 0.2])
    squares = start + gradient**2 if name == "Adagrad" else 0.1 * gradient**2
    np.testing.assert_allclose(
        K.get_value(weight), np.array([1.0, 2.0]) - 0.1 * gradient / np.sqrt(squares + 0.01), rtol=1e-6
    )
