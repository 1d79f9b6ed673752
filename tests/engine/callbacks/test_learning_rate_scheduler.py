"""A learning rate by a schedule."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import callbacks


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (lambda epoch: 1.0 / (epoch + 1), [1.0, 0.5, 1 / 3]),
        (lambda epoch, lr: lr * 0.5, [0.005, 0.0025, 0.00125]),
        ({0: 0.5, 1: 0.25, 2: np.float32(0.125)}.get, [0.5, 0.25, 0.125]),
    ],
)
def test_rates(model: Any, data: Any, schedule: Any, rates: list[float]) -> None:
    seen: list[float] = []
    looker = callbacks.LambdaCallback(
        on_batch_begin=lambda batch, logs: seen.append(float(K.get_value(model.optimizer.lr)))
    )
    model.fit(*data, epochs=3, verbose=0, callbacks=[callbacks.LearningRateScheduler(schedule), looker])
    assert seen == pytest.approx(rates, rel=1e-6)


def test_what_it_says(model: Any, data: Any, capsys: Any) -> None:
    scheduler = callbacks.LearningRateScheduler(lambda epoch: 0.25, verbose=1)
    model.fit(*data, verbose=0, callbacks=[scheduler])
    assert capsys.readouterr().out == (
        "\nEpoch 00001: LearningRateScheduler reducing learning rate to 0.25.\n"
    )


def test_an_error_within_the_schedule_is_not_hidden(model: Any, data: Any) -> None:
    def schedule(epoch, lr):
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        model.fit(*data, verbose=0, callbacks=[callbacks.LearningRateScheduler(schedule)])


def test_the_schedule_must_give_a_float(model: Any, data: Any) -> None:
    with pytest.raises(ValueError, match=r"should be float\. Found: 1"):
        model.fit(*data, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 1)])


def test_the_optimizer_must_have_a_learning_rate(model: Any) -> None:
    scheduler = callbacks.LearningRateScheduler(lambda epoch: 1.0)
    scheduler.set_model(model)
    del model.optimizer.lr
    with pytest.raises(ValueError, match='"lr" attribute'):
        scheduler.on_epoch_begin(0)
