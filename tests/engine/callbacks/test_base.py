"""The base of all callbacks, and the list that calls them."""

import json
import time
import warnings
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import callbacks

EVENTS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_batch_begin",
    "on_batch_end",
    "on_epoch_end",
    "on_train_end",
]


class Recorder(callbacks.Callback):
    """Writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Any]] = []

    def __getattribute__(self, name: str) -> Any:
        if name in EVENTS:
            return lambda *args: self.told.append((name, args[0] if len(args) > 1 else None))
        return super().__getattribute__(name)


def test_order_of_events_in_a_training(model: Any, data: Any) -> None:
    recorder = Recorder()
    model.fit(*data, batch_size=4, epochs=3, initial_epoch=1, verbose=0, callbacks=[recorder])
    epoch = [("on_batch_begin", 0), ("on_batch_end", 0), ("on_batch_begin", 1), ("on_batch_end", 1)]
    assert recorder.told == [
        ("on_train_begin", None),
        *(("on_epoch_begin", 1), *epoch, ("on_epoch_end", 1)),
        *(("on_epoch_begin", 2), *epoch, ("on_epoch_end", 2)),
        ("on_train_end", None),
    ]


def test_what_a_callback_knows(model: Any, data: Any) -> None:
    x, y = data
    callback = callbacks.Callback()
    model.fit(x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x[:2], y[:2]), callbacks=[callback])
    assert callback.model is model
    assert callback.params == {
        "batch_size": 4,
        "epochs": 2,
        "steps": None,
        "samples": 6,
        "verbose": 0,
        "do_validation": True,
        "metrics": ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"],
    }
    np.testing.assert_array_equal(callback.validation_data[0], x[:2])
    np.testing.assert_array_equal(callback.validation_data[1], y[:2])


def test_logs_of_batches_are_numbers(model: Any, data: Any) -> None:
    losses: list[Any] = []
    names: list[Any] = []

    class LossHistory(callbacks.Callback):
        def on_batch_end(self, batch, logs={}):  # noqa: B006 - as the manual writes it
            losses.append(logs.get("loss"))
            names.append(sorted(logs))

    history = model.fit(*data, batch_size=4, verbose=0, shuffle=False, callbacks=[LossHistory()])
    assert names == [["batch", "loss", "mean_absolute_error", "size"]] * 2
    assert all(type(loss) is float for loss in losses)
    assert history.history["loss"] == [pytest.approx((4 * losses[0] + 2 * losses[1]) / 6, rel=1e-6)]


def test_duck_typed_callbacks_of_a_list_are_called_in_order() -> None:
    told = []
    members = [
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs, n=n: told.append((n, epoch, logs)))
        for n in (1, 2)
    ]
    made = callbacks.CallbackList(members[:1])
    made.append(members[1])
    made.on_epoch_end(5)
    assert told == [(1, 5, {}), (2, 5, {})]


def test_slow_callbacks_are_warned_of() -> None:
    slow = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: time.sleep(0.11))
    made = callbacks.CallbackList([slow], queue_length=1)
    made.on_epoch_begin(0)
    made.on_batch_begin(0)
    with pytest.warns(UserWarning, match=r"on_batch_end\(\) is slow"):
        made.on_batch_end(0)


def test_quick_callbacks_are_not_warned_of() -> None:
    made = callbacks.CallbackList([callbacks.Callback()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for batch in range(20):
            made.on_batch_begin(batch)
            made.on_batch_end(batch)


def make_members() -> list[Any]:
    return [
        callbacks.EarlyStopping(patience=4),
        callbacks.ReduceLROnPlateau(patience=3, monitor="loss"),
        callbacks.ModelCheckpoint("never", monitor="loss", period=10**6),
        callbacks.History(),
    ]


def test_state_is_json_and_continues_where_it_was(model: Any) -> None:
    losses = [3.0, 2.0, 2.5, 2.4, 2.3, 2.6]
    whole, first, second = (callbacks.CallbackList(make_members()) for _ in range(3))
    for made in (whole, first, second):
        made.set_model(model)

    def run(made: callbacks.CallbackList, epochs: Any) -> None:
        made.on_train_begin()
        for epoch in epochs:
            made.on_epoch_end(epoch, {"loss": losses[epoch], "val_loss": losses[epoch]})

    run(whole, range(6))
    K.set_value(model.optimizer.lr, 0.01)
    run(first, range(3))
    for callback, before in zip(second, first, strict=True):
        callback.set_state(json.loads(json.dumps(before.get_state(), allow_nan=False)))
    run(second, range(3, 6))
    assert [callback.get_state() for callback in second] == [callback.get_state() for callback in whole]
    assert second.callbacks[3].epoch == list(range(6))


def test_the_next_training_starts_afresh(model: Any) -> None:
    stopping = callbacks.EarlyStopping()
    made = callbacks.CallbackList([stopping])
    made.set_model(model)
    stopping.set_state({"wait": 7, "stopped_epoch": 0, "best": 0.5})
    made.on_train_begin()
    assert (stopping.wait, stopping.best) == (7, 0.5)
    made.on_train_end()
    made.on_train_begin()
    assert (stopping.wait, stopping.best) == (0, np.inf)


def test_numbers_that_json_lacks_survive() -> None:
    history = callbacks.History()
    history.history = {"loss": [np.float32(1.5), float("nan"), float("-inf")]}
    text = json.dumps(history.get_state(), allow_nan=False)
    restored = callbacks.History()
    restored.set_state(json.loads(text))
    assert restored.history["loss"][0] == 1.5
    assert np.isnan(restored.history["loss"][1])
    assert restored.history["loss"][2] == -np.inf
