"""Ending a training whose loss is no number."""

from typing import Any

import numpy as np
import pytest

from engine import callbacks


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_training_ends_in_the_batch(model: Any, data: Any, bad: float, capsys: Any) -> None:
    x, y = data
    y = y.copy()
    y[3] = bad
    told: list[int] = []
    counter = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: told.append(batch))
    history = model.fit(
        x,
        y,
        batch_size=1,
        epochs=4,
        shuffle=False,
        verbose=0,
        callbacks=[callbacks.TerminateOnNaN(), counter],
    )
    assert told == [0, 1, 2, 3]
    assert history.epoch == [0]
    assert capsys.readouterr().out == "Batch 3: Invalid loss, terminating training\n"


def test_numbers_go_on(model: Any, data: Any) -> None:
    assert model.fit(*data, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()]).epoch == [0, 1, 2]
