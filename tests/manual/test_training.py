"""The samples of chapters 7 to 11: losses, metrics, optimizers, activations and callbacks."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from tests.manual.printed import keras, run_sample

X = np.random.default_rng(0).random((64, 784))
Y = np.eye(10)[np.random.default_rng(1).integers(10, size=64)]


def make_classifier(*columns: int) -> Any:
    model = keras.models.Sequential(
        [keras.layers.Dense(10, activation="softmax", input_shape=columns or (784,))]
    )
    model.compile("rmsprop", "categorical_crossentropy")
    return model


def test_losses() -> None:
    model = run_sample("s07_1_losses", model=make_classifier()).model
    assert model.loss is keras.losses.mean_squared_error
    expected = ((model.predict(X) - Y) ** 2).mean()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_to_categorical() -> None:
    ended = run_sample("s07_2_14_to_categorical", int_labels=[2, 0, 1])
    assert ended.categorical_labels.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_metrics() -> None:
    model = run_sample("s08_1_metrics", model=make_classifier()).model
    _, error, accuracy = model.evaluate(X, Y, verbose=0)
    predicted = model.predict(X)
    assert model.metrics_names == ["loss", "mean_absolute_error", "categorical_accuracy"]
    assert error == pytest.approx(np.abs(predicted - Y).mean(), rel=1e-5)
    assert accuracy == pytest.approx((predicted.argmax(1) == Y.argmax(1)).mean())


def test_own_metric() -> None:
    model = run_sample("s08_3_own_metric", model=make_classifier()).model
    assert model.metrics_names == ["loss", "acc", "mean_pred"]
    assert model.evaluate(X, Y, verbose=0)[2] == pytest.approx(0.1, rel=1e-5)


def test_optimizers() -> None:
    ended = run_sample("s09_1_optimizer")
    assert ended.sgd.nesterov
    config = ended.model.optimizer.get_config()
    assert (config["momentum"], config["nesterov"]) == (0, False)
    history = ended.model.fit(X[:, :10], X[:, :64], verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_clipping() -> None:
    ended = run_sample("s09_2_clipping")
    assert ended.sgd.clipvalue == 0.5
    model = keras.models.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=(1,))])
    model.compile(ended.sgd, "mse")
    before = model.get_weights()[0].item()
    model.train_on_batch(np.array([[100.0]]), np.array([[1e6]]))
    assert model.get_weights()[0].item() == pytest.approx(before + 0.005, rel=1e-4)


def test_activations() -> None:
    model = keras.models.Sequential([keras.layers.Dense(3, input_shape=(2,))])
    run_sample("s10_1_activations", model=model)
    assert [layer.get_config().get("activation") for layer in model.layers] == ["linear"] * 2 + [
        "tanh"
    ] * 4 + []
    assert (np.abs(model.predict(np.random.random((4, 2)))) < 1).all()


def test_reduce_lr_on_plateau() -> None:
    model = make_classifier()
    with pytest.warns(RuntimeWarning, match="val_loss"):
        ended = run_sample("s11_1_11_reduce_lr", model=model, X_train=X, Y_train=Y)
    assert ended.reduce_lr.factor == 0.2
    assert model.history.history["lr"] == [pytest.approx(0.001)]


def test_csv_logger() -> None:
    model = make_classifier()
    run_sample("s11_1_12_csv_logger", model=model, X_train=X, Y_train=Y)
    assert Path("training.log").read_text().splitlines() == [
        "epoch,loss",
        f"0,{model.history.history['loss'][0]}",
    ]


def test_lambda_callbacks() -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=context.Event().wait, daemon=True)
    process.start()
    model = make_classifier()
    batches: list[int] = []
    given = {"x_train": X, "y_train": Y, "started_processes": [process], "print": batches.append}
    run_sample("s11_1_13_lambda_callbacks", model=model, **given)
    process.join()
    assert process.exitcode != 0
    assert batches == [0, 1]
    row = json.loads(Path("loss_log.json").read_text())
    assert row == {"epoch": 0, "loss": model.history.history["loss"][0]}


def test_own_callback(capsys: pytest.CaptureFixture[str]) -> None:
    history = run_sample("s11_2_callback").LossHistory()
    make_classifier().fit(X, Y, batch_size=16, verbose=0, callbacks=[history])
    assert len(history.losses) == 4
    ended = run_sample("s11_2_1_loss_history", x_train=X, y_train=Y)
    assert len(ended.history.losses) == 20
    assert np.mean(ended.history.losses[-3:]) < np.mean(ended.history.losses[:3])
    assert capsys.readouterr().out == f"{ended.history.losses}\n"


def test_checkpoint(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_sample("s11_2_2_checkpoint", x_train=X, y_train=Y, X_test=X, Y_test=Y)
    assert "Epoch 00001: val_loss improved from inf to" in capsys.readouterr().out
    best = keras.models.load_model("weights.hdf5").evaluate(X, Y, verbose=0)
    assert best == pytest.approx(min(ended.model.history.history["val_loss"]), rel=1e-5)
    assert K.get_value(ended.model.optimizer.lr) == pytest.approx(0.001)
