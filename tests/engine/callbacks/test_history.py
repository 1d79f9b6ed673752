"""The history of a training."""

from typing import Any


def test_one_value_an_epoch(model: Any, data: Any) -> None:
    x, y = data
    history = model.fit(x, y, epochs=5, initial_epoch=2, validation_split=0.5, verbose=0)
    assert history is model.history
    assert history.epoch == [2, 3, 4]
    assert sorted(history.history) == ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"]
    assert all(len(values) == 3 for values in history.history.values())
    assert history.history["loss"] == sorted(history.history["loss"], reverse=True)


def test_each_training_has_its_own(model: Any, data: Any) -> None:
    first = model.fit(*data, epochs=2, verbose=0)
    second = model.fit(*data, epochs=1, verbose=0)
    assert (first.epoch, second.epoch) == ([0, 1], [0])
