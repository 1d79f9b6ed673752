"""The samples of the manual's chapter 11, at small sizes."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as keras
from engine import backend as K
from engine.callbacks import CSVLogger, LambdaCallback, ModelCheckpoint, ReduceLROnPlateau
from engine.layers import Activation, Dense
from engine.models import Sequential, load_model


@pytest.fixture
def classifier() -> Iterator[Any]:
    with K.isolated_state():
        model = Sequential()
        model.add(Dense(10, input_dim=16, kernel_initializer="uniform"))
        model.add(Activation("softmax"))
        model.compile(loss="categorical_crossentropy", optimizer="rmsprop")
        yield model


X = np.random.default_rng(0).random((64, 16))
Y = np.eye(10)[np.random.default_rng(1).integers(10, size=64)]


def test_reduce_lr_on_plateau(classifier: Any) -> None:
    reduce_lr = ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=1, min_lr=0.001, epsilon=10.0)
    K.set_value(classifier.optimizer.lr, 0.1)
    history = classifier.fit(X, Y, epochs=5, validation_data=(X, Y), callbacks=[reduce_lr], verbose=0)
    # The first epoch is the best so far; from the second on nothing is better by ten.
    assert history.history["lr"] == pytest.approx([0.1, 0.1, 0.02, 0.004, 0.001], rel=1e-6)


def test_csv_logger(classifier: Any, tmp_path: Path) -> None:
    csv_logger = CSVLogger(str(tmp_path / "training.log"))
    history = classifier.fit(X, Y, epochs=2, callbacks=[csv_logger], verbose=0).history["loss"]
    lines = (tmp_path / "training.log").read_text().splitlines()
    assert lines == ["epoch,loss", f"0,{history[0]}", f"1,{history[1]}"]


def test_lambda_callbacks(classifier: Any, tmp_path: Path, capsys: Any) -> None:
    batch_print_callback = LambdaCallback(on_batch_begin=lambda batch, logs: print(batch))
    json_log = (tmp_path / "loss_log.json").open(mode="w", buffering=1)
    json_logging_callback = LambdaCallback(
        on_epoch_end=lambda epoch, logs: json_log.write(
            json.dumps({"epoch": epoch, "loss": logs["loss"]}) + "\n"
        ),
        on_train_end=lambda logs: json_log.close(),
    )
    wait = multiprocessing.get_context("spawn").Event()
    processes = [multiprocessing.get_context("spawn").Process(target=wait.wait, daemon=True)]
    processes[0].start()
    cleanup_callback = LambdaCallback(
        on_train_end=lambda logs: [p.terminate() for p in processes if p.is_alive()]
    )
    history = classifier.fit(
        X,
        Y,
        epochs=2,
        verbose=0,
        callbacks=[batch_print_callback, json_logging_callback, cleanup_callback],
    ).history
    processes[0].join()
    assert capsys.readouterr().out.split() == ["0", "1", "0", "1"]
    rows = [json.loads(line) for line in (tmp_path / "loss_log.json").read_text().splitlines()]
    assert rows == [{"epoch": epoch, "loss": history["loss"][epoch]} for epoch in (0, 1)]


def test_loss_history(classifier: Any) -> None:
    class LossHistory(keras.callbacks.Callback):
        def on_train_begin(self, logs={}):  # noqa: B006 - as the manual writes it
            self.losses = []

        def on_batch_end(self, batch, logs={}):  # noqa: B006
            self.losses.append(logs.get("loss"))

    history = LossHistory()
    classifier.fit(X, Y, batch_size=16, epochs=3, verbose=0, callbacks=[history])
    assert len(history.losses) == 12
    assert all(type(loss) is float for loss in history.losses)


def test_model_checkpoint(classifier: Any, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "weights.hdf5"
    checkpointer = ModelCheckpoint(filepath=str(path), verbose=1, save_best_only=True)
    classifier.fit(X, Y, batch_size=32, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[checkpointer])
    assert "Epoch 00001: val_loss improved from inf to" in capsys.readouterr().out
    assert load_model(str(path)).evaluate(X, Y, verbose=0) == pytest.approx(checkpointer.best, rel=1e-5)
