"""A callback made of functions."""

from typing import Any

from engine import callbacks


def test_functions_are_called_with_their_arguments(model: Any, data: Any) -> None:
    told: list[Any] = []
    callback = callbacks.LambdaCallback(
        on_train_begin=lambda logs: told.append(("train", logs)),
        on_epoch_begin=lambda epoch, logs: told.append(("epoch", epoch)),
        on_batch_begin=lambda batch, logs: told.append(("batch", batch, logs["size"])),
        on_batch_end=lambda batch, logs: told.append(("batch end", batch, sorted(logs))),
        on_epoch_end=lambda epoch, logs: told.append(("epoch end", epoch, sorted(logs))),
        on_train_end=lambda logs: told.append(("train end", logs)),
        further=3,
    )
    model.fit(*data, verbose=0, callbacks=[callback])
    metrics = ["loss", "mean_absolute_error"]
    assert told == [
        ("train", {}),
        ("epoch", 0),
        ("batch", 0, 6),
        ("batch end", 0, ["batch", *metrics, "size"]),
        ("epoch end", 0, metrics),
        ("train end", {}),
    ]
    assert callback.further == 3


def test_what_is_not_given_does_nothing() -> None:
    callback = callbacks.LambdaCallback()
    assert callback.on_epoch_end(0, {}) is None
