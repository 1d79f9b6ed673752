"""A learning rate that falls when a training no longer gets better."""

from typing import Any

import pytest

from engine import backend as K
from engine import callbacks


def follow(reducing: callbacks.ReduceLROnPlateau, model: Any, values: list[float]) -> list[float]:
    K.set_value(model.optimizer.lr, 1.0)
    reducing.set_model(model)
    reducing.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        reducing.on_epoch_end(epoch, {reducing.monitor: value})
        rates.append(float(K.get_value(model.optimizer.lr)))
    return rates


@pytest.mark.parametrize(
    ("settings", "values", "rates"),
    [
        ({"patience": 2}, [0.0860, 0.1096, 0.1040], [1, 1, 0.1]),
        ({"patience": 1, "factor": 0.5}, [1, 1, 1, 1], [1, 0.5, 0.25, 0.125]),
        ({"patience": 1, "factor": 0.5, "cooldown": 2}, [1, 1, 1, 1, 1], [1, 0.5, 0.5, 0.25, 0.25]),
        ({"patience": 1, "factor": 0.5, "min_lr": 0.3}, [1, 1, 1, 1], [1, 0.5, 0.3, 0.3]),
        ({"patience": 1, "factor": 0.5, "min_delta": 0.2}, [1, 0.9, 0.7], [1, 0.5, 0.5]),
        ({"patience": 1, "factor": 0.5, "epsilon": 0.05}, [1, 0.9, 0.88], [1, 1, 0.5]),
        ({"patience": 1, "factor": 0.5, "monitor": "val_acc"}, [0.1, 0.2, 0.15], [1, 1, 0.5]),
        ({"patience": 1, "factor": 0.5, "mode": "max"}, [1, 2, 1.5], [1, 1, 0.5]),
        ({"patience": 0, "factor": 0.5}, [1, 2], [1, 0.5]),
    ],
)
def test_learning_rates(model: Any, settings: dict[str, Any], values: Any, rates: Any) -> None:
    reducing = callbacks.ReduceLROnPlateau(**settings)
    for _ in range(2):
        assert follow(reducing, model, values) == pytest.approx(rates, rel=1e-6)


def test_the_learning_rate_is_in_the_history(model: Any, data: Any, capsys: Any) -> None:
    reducing = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=100.0, verbose=1)
    history = model.fit(*data, epochs=3, verbose=0, callbacks=[reducing])
    assert history.history["lr"] == pytest.approx([0.01, 0.01, 0.005], rel=1e-6)
    assert "Epoch 00002: ReduceLROnPlateau reducing learning rate to 0.00499" in capsys.readouterr().out


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"factor >= 1\.0"):
        callbacks.ReduceLROnPlateau(factor=1.0)
    with pytest.warns(RuntimeWarning, match="mode least is unknown"):
        callbacks.ReduceLROnPlateau(mode="least")


def test_missing_metric_is_warned_of(model: Any, data: Any) -> None:
    with pytest.warns(RuntimeWarning, match="`val_loss` which is not available"):
        model.fit(*data, verbose=0, callbacks=[callbacks.ReduceLROnPlateau()])
