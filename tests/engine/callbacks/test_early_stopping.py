"""Ending a training that no longer gets better."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine import callbacks


def count_epochs(stopping: callbacks.EarlyStopping, values: list[float]) -> int:
    stopping.set_model(SimpleNamespace(stop_training=False))
    stopping.on_train_begin()
    for epoch, value in enumerate(values):
        stopping.on_epoch_end(epoch, {stopping.monitor: value})
        if stopping.model.stop_training:
            break
    stopping.on_train_end()
    return epoch + 1


@pytest.mark.parametrize(
    ("settings", "values", "epochs"),
    [
        # The best value comes first; patience counts the epochs after it.
        ({}, [1.0, 2.0, 0.5], 2),
        ({"patience": 2}, [0.0860, 0.1096, 0.1040, 0.1019], 3),
        ({"patience": 2}, [5, 6, 4, 5, 3, 4, 5, 6], 7),
        ({"patience": 1}, [1.0, 1.0, 1.0], 2),
        ({"min_delta": 0.1, "patience": 1}, [1.0, 0.95, 0.8], 2),
        ({"min_delta": 0.1, "patience": 1}, [1.0, 0.85, 0.7], 3),
        # What is better: by name, or as told.
        ({"monitor": "val_acc", "patience": 1}, [0.1, 0.2, 0.3, 0.2], 4),
        ({"monitor": "acc", "mode": "min", "patience": 1}, [0.1, 0.2, 0.3], 2),
        ({"monitor": "score", "mode": "max", "patience": 1}, [0.1, 0.2, 0.3], 3),
        ({"monitor": "score", "mode": "max", "min_delta": 0.15, "patience": 1}, [0.1, 0.2, 0.3], 2),
        # NaN is never better.
        ({"patience": 2}, [np.nan, np.nan, 1.0], 2),
    ],
)
def test_epochs_until_it_stops(settings: dict[str, Any], values: list[float], epochs: int) -> None:
    stopping = callbacks.EarlyStopping(**settings)
    assert count_epochs(stopping, values) == epochs
    # Used again, it starts afresh.
    assert count_epochs(stopping, values) == epochs


def test_it_says_where_it_stopped(capsys: Any) -> None:
    count_epochs(callbacks.EarlyStopping(patience=1, verbose=1), [1.0, 2.0])
    assert capsys.readouterr().out == "Epoch 00002: early stopping\n"


def test_it_ends_a_training(model: Any, data: Any) -> None:
    x, y = data
    stopping = callbacks.EarlyStopping(monitor="loss", min_delta=100.0, patience=3)
    assert model.fit(x, y, epochs=20, verbose=0, callbacks=[stopping]).epoch == [0, 1, 2, 3]


def test_missing_metric_is_warned_of(model: Any, data: Any) -> None:
    with pytest.warns(RuntimeWarning, match="`val_loss` which is not available. Available metrics are: loss"):
        model.fit(*data, verbose=0, callbacks=[callbacks.EarlyStopping()])


def test_unknown_mode_is_warned_of() -> None:
    with pytest.warns(RuntimeWarning, match="EarlyStopping mode least is unknown"):
        callbacks.EarlyStopping(mode="least")
