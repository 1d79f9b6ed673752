"""The history of a training."""

from __future__ import annotations

from typing import Any

from engine.callbacks.base import Callback, Logs


class History(Callback):
    """Keeps what each epoch's logs say; `fit` returns it.

    Attributes:
        epoch: numbers of the epochs.
        history: a list a metric, with one value an epoch.
    """

    state_names = ("epoch", "history")

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins."""
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
