"""Saving the model as it trains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import callbacks, models


def feed(checkpoint: callbacks.ModelCheckpoint, model: Any, values: list[float]) -> None:
    checkpoint.set_model(model)
    checkpoint.on_train_begin()
    for epoch, value in enumerate(values):
        checkpoint.on_epoch_end(epoch, {checkpoint.monitor: value})


def test_every_epoch_by_name(model: Any, data: Any, tmp_path: Path) -> None:
    x, y = data
    checkpoint = callbacks.ModelCheckpoint(str(tmp_path / "{epoch:02d}-{val_loss:.3f}.h5"))
    history = model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0, callbacks=[checkpoint])
    losses = history.history["val_loss"]
    names = [f"{epoch + 1:02d}-{loss:.3f}.h5" for epoch, loss in enumerate(losses)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    loaded = models.load_model(str(tmp_path / names[-1]))
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize(
    ("settings", "values", "saved"),
    [
        ({"period": 2}, [1.0, 2.0, 3.0, 4.0, 5.0], [2, 4]),
        ({"save_best_only": True}, [3.0, 4.0, 2.0, 2.0, 1.0], [1, 3, 5]),
        ({"save_best_only": True, "period": 2}, [1.0, 4.0, 2.0, 3.0, 1.0, 9.0], [2, 4]),
        ({"save_best_only": True, "monitor": "val_acc"}, [0.1, 0.3, 0.2, 0.4], [1, 2, 4]),
        ({"save_best_only": True, "mode": "max"}, [1.0, 2.0, 1.5], [1, 2]),
        ({"save_best_only": True, "monitor": "acc", "mode": "min"}, [1.0, 2.0, 0.5], [1, 3]),
    ],
)
def test_which_epochs_are_saved(
    model: Any, tmp_path: Path, settings: dict[str, Any], values: list[float], saved: list[int]
) -> None:
    feed(callbacks.ModelCheckpoint(tmp_path / "{epoch}", **settings), model, values)
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == saved


def test_weights_only(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    feed(callbacks.ModelCheckpoint(path, save_weights_only=True), model, [1.0])
    model.set_weights([np.array([[5.0]])])
    model.load_weights(str(path))
    assert model.get_weights()[0] == [[1.0]]


def test_what_it_says(model: Any, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "best"
    feed(callbacks.ModelCheckpoint(path, save_best_only=True, verbose=1), model, [2.0, 1.5, 1.75])
    feed(callbacks.ModelCheckpoint(path, verbose=1), model, [2.0])
    assert capsys.readouterr().out.split("\n\n") == [
        f"\nEpoch 00001: val_loss improved from inf to 2.00000, saving model to {path}",
        f"Epoch 00002: val_loss improved from 2.00000 to 1.50000, saving model to {path}",
        "Epoch 00003: val_loss did not improve from 1.50000",
        f"Epoch 00001: saving model to {path}\n",
    ]


def test_missing_metric_is_warned_of(model: Any, tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "best", save_best_only=True)
    checkpoint.set_model(model)
    with pytest.warns(RuntimeWarning, match="val_loss available, skipping"):
        checkpoint.on_epoch_end(0, {"loss": 1.0})
    assert not list(tmp_path.iterdir())
    with pytest.warns(RuntimeWarning, match="ModelCheckpoint mode best is unknown"):
        callbacks.ModelCheckpoint("never", mode="best")
