"""Small trainings of many kinds: whatever a run carries from batch to batch is in one of them."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine import backend as K
from engine import layers
from engine.models import Model, Sequential

ROWS, BATCH, CLASSES = 96, 8, 3
EPOCHS = 10
NAMES = (
    "mlp",
    "cnn",
    "lstm",
    "gru",
    "stopping",
    "adam",
    "rmsprop",
    "outputs",
    "weights",
    "validation",
    "mixed",
)


@dataclass(frozen=True)
class Training:
    """One kind of training.

    Args:
        title: in words.
        arrays: the dataset, by column.
        request: of the job, without dataset.
    """

    title: str
    arrays: dict[str, np.ndarray]
    request: dict[str, Any]


def _optimizer(name: str, **config: float | bool) -> dict[str, Any]:
    return {"class_name": name, "config": config}


def _callback(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "config": {"monitor": "loss", **config}}


def _make_training(
    title: str, model: Any, arrays: dict[str, np.ndarray], optimizer: Any, loss: Any, **request: Any
) -> Training:
    fit = {"epochs": EPOCHS, "batch_size": BATCH, **request.pop("fit", {})}
    compiled = {"optimizer": optimizer, "loss": loss, **request.pop("compile", {"metrics": ["accuracy"]})}
    definition = json.loads(model.to_json())
    return Training(
        title, arrays, {"model": definition, "compile": compiled, "fit": fit, "seed": 5, **request}
    )


def _points() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    y = generator.integers(0, CLASSES, ROWS)
    return {"x": generator.normal(size=(ROWS, 4)) + np.eye(CLASSES, 4)[y], "y": y}


def _images() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    return {"x": generator.normal(size=(ROWS, 8, 8, 1)), "y": generator.integers(0, CLASSES, ROWS)}


def _sequences() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(2)
    x = generator.normal(size=(ROWS, 6, 2))
    for row, length in zip(x, generator.integers(1, 7, ROWS)):
        row[length:] = 0
    return {"x": x, "y": (x.sum((1, 2)) > 0).astype("float32")}


def _mlp(*more: Any) -> Any:
    hidden = [layers.Dense(8, activation="tanh", input_shape=(4,)), *more]
    return Sequential([*hidden, layers.Dense(CLASSES, activation="softmax")])


def _cnn() -> Any:
    return Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _lstm() -> Any:
    recurrent = layers.LSTM(5, stateful=True, recurrent_dropout=0.2, batch_input_shape=(BATCH, 6, 2))
    return Sequential([recurrent, layers.Dense(1, activation="sigmoid")])


def _gru() -> Any:
    return Sequential(
        [
            layers.Masking(input_shape=(6, 2)),
            layers.GRU(5, dropout=0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def _two_outputs() -> Any:
    inputs = layers.Input((4,))
    hidden = layers.Dropout(0.2)(layers.Dense(8, activation="relu")(inputs))
    classes = layers.Dense(CLASSES, activation="softmax", name="class_of")(hidden)
    total = layers.Dense(1, name="total")(layers.concatenate([hidden, inputs]))
    return Model(inputs, [classes, total])


@cache
def list_trainings() -> dict[str, Training]:
    """All of them, by name."""
    with K.isolated_state():
        return _make_trainings()


def _make_trainings() -> dict[str, Training]:
    crossentropy, binary = "sparse_categorical_crossentropy", "binary_crossentropy"
    points, images, sequences = _points(), _images(), _sequences()
    weights = {"sample_weight": np.random.default_rng(3).uniform(0.5, 2, ROWS)}
    totals = {"total": points["x"].sum(1, keepdims=True)}
    # No later epoch is better than the first by so much: the rate falls twice, then the training ends.
    stopping = [
        _callback("ReduceLROnPlateau", patience=2, factor=0.5, epsilon=10.0),
        _callback("EarlyStopping", patience=7, min_delta=10.0),
    ]
    return {
        "mlp": _make_training("MLP, Nadam", _mlp(), points, "nadam", crossentropy),
        "cnn": _make_training(
            "CNN, BatchNormalization, Dropout, SGD with Nesterov momentum",
            _cnn(),
            images,
            _optimizer("SGD", lr=0.05, momentum=0.9, nesterov=True),
            crossentropy,
        ),
        "lstm": _make_training(
            "stateful LSTM, rows not shuffled", _lstm(), sequences, "adam", binary, fit={"shuffle": False}
        ),
        "gru": _make_training("GRU with masking", _gru(), sequences, "adagrad", binary),
        "stopping": _make_training(
            "ReduceLROnPlateau, EarlyStopping", _mlp(), points, "adam", crossentropy, callbacks=stopping
        ),
        "adam": _make_training(
            "Adam with decay and AMSGrad",
            _mlp(),
            points,
            _optimizer("Adam", decay=0.01, amsgrad=True),
            crossentropy,
        ),
        "rmsprop": _make_training(
            "RMSprop with decay and clipnorm",
            _mlp(layers.GaussianNoise(0.1)),
            points,
            _optimizer("RMSprop", decay=0.01, clipnorm=1.0),
            crossentropy,
        ),
        "outputs": _make_training(
            "functional model with two outputs",
            _two_outputs(),
            {**points, **totals},
            "adadelta",
            [crossentropy, "mse"],
            compile={"loss_weights": [1.0, 0.3]},
            data={"x": "x", "y": ["y", "total"]},
        ),
        "weights": _make_training(
            "class_weight and sample_weight",
            _mlp(),
            {**points, **weights},
            "adamax",
            crossentropy,
            fit={"class_weight": {"0": 1.0, "1": 2.0, "2": 0.5}},
        ),
        "validation": _make_training(
            "validation_split, best model kept",
            _mlp(layers.Dropout(0.2)),
            points,
            "adam",
            crossentropy,
            fit={"validation_split": 0.25},
            callbacks=[_callback("ModelCheckpoint", monitor="val_loss")],
        ),
        "mixed": _make_training(
            "CNN in bfloat16", _cnn(), images, "adam", crossentropy, mixed_precision="bfloat16"
        ),
    }
