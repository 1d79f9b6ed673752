"""A progress bar for each epoch."""

import re
from typing import Any

import pytest

from engine import callbacks


def test_verbose_1_shows_a_bar_an_epoch(model: Any, data: Any, capsys: Any) -> None:
    history = model.fit(*data, batch_size=2, epochs=2, validation_data=data, verbose=1)
    text = capsys.readouterr().out
    assert re.findall(r"Epoch \d/\d", text) == ["Epoch 1/2", "Epoch 2/2"]
    ends = re.findall(r"6/6 \[=+\] - 0s \w+/step( - .*)\n", text)
    assert ends == [
        "".join(
            f" - {name}: {history.history[name][epoch]:.4f}"
            for name in ("loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error")
        )
        for epoch in (0, 1)
    ]


def test_verbose_2_shows_a_line_an_epoch(model: Any, data: Any, capsys: Any) -> None:
    history = model.fit(*data, batch_size=2, verbose=2)
    loss, error = history.history["loss"][0], history.history["mean_absolute_error"][0]
    expected = f"Epoch 1/1\n - 0s - loss: {loss:.4f} - mean_absolute_error: {error:.4f}\n"
    assert capsys.readouterr().out == expected


class CountingLogs(dict):
    """Counts how often its loss is read."""

    reads = 0

    def __getitem__(self, key: str) -> Any:
        CountingLogs.reads += key == "loss"
        return super().__getitem__(key)


@pytest.mark.parametrize("verbose", [1, 2])
def test_batches_are_not_read_one_by_one(verbose: int, capsys: Any) -> None:
    logger = callbacks.ProgbarLogger()
    logger.set_params({"verbose": verbose, "epochs": 1, "samples": 4000, "metrics": ["loss"]})
    logger.on_train_begin()
    logger.on_epoch_begin(0)
    CountingLogs.reads = 0
    logger.progbar.interval = 3600
    for batch in range(1000):
        logger.on_batch_begin(batch)
        logger.on_batch_end(batch, CountingLogs(size=4, loss=float(batch)))
    # The first look comes at once.
    assert CountingLogs.reads == (1 if verbose == 1 else 0)
    logger.on_epoch_end(0, {"loss": 0.25})
    assert capsys.readouterr().out.endswith("loss: 0.2500\n")


def test_averages_between_looks_are_weighted(capsys: Any) -> None:
    logger = callbacks.ProgbarLogger()
    logger.set_params({"verbose": 1, "epochs": 1, "samples": 100, "metrics": ["loss"]})
    logger.on_train_begin()
    logger.on_epoch_begin(0)
    logger.on_batch_end(0, {"size": 10, "loss": 1.0})
    logger.progbar.interval = 3600
    logger.on_batch_end(1, {"size": 10, "loss": 4.0})
    logger.progbar.interval = 0
    logger.on_batch_end(2, {"size": 20, "loss": 3.0})
    assert capsys.readouterr().out.endswith("loss: 2.7500")


def test_steps_are_counted(capsys: Any) -> None:
    logger = callbacks.ProgbarLogger("steps")
    logger.set_params({"verbose": 1, "epochs": 3, "steps": 2, "metrics": ["loss"]})
    logger.on_train_begin()
    logger.on_epoch_begin(1)
    logger.on_batch_end(0, {"size": 30, "loss": 1.0})
    logger.on_batch_end(1, {"size": 10, "loss": 3.0})
    logger.on_epoch_end(1, {"loss": 2.0})
    text = capsys.readouterr().out
    assert text.startswith("Epoch 2/3\n")
    assert "1/2 [" in text
    assert "2/2 [" in text


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'batches'"):
        callbacks.ProgbarLogger("batches")


def test_the_bar_ends_before_other_callbacks_speak(model: Any, data: Any, capsys: Any) -> None:
    speaker = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print("spoken"))
    model.fit(*data, verbose=1, callbacks=[speaker])
    assert re.search(r"6/6 \[=+\][^\n]*\nspoken\n$", capsys.readouterr().out)


def test_metrics_with_a_state_are_shown_as_they_are(capsys: Any) -> None:
    logger = callbacks.ProgbarLogger(stateful_metrics=["seen"])
    logger.set_params({"verbose": 1, "epochs": 1, "samples": 100, "metrics": ["loss", "seen"]})
    logger.on_train_begin()
    logger.on_epoch_begin(0)
    logger.on_batch_end(0, {"size": 10, "loss": 1.0, "seen": 10})
    logger.progbar.interval = 0
    logger.on_batch_end(1, {"size": 10, "loss": 3.0, "seen": 20})
    logger.on_epoch_end(0, {"loss": 2.0, "seen": 20})
    text = capsys.readouterr().out
    assert "loss: 2.0000 - seen: 20" in text.splitlines()[-1]
    assert "seen: 10\n" in text
