"""Ending a training that no longer gets better."""

from __future__ import annotations

import warnings

from engine.callbacks.base import Callback, Logs
from engine.callbacks.monitoring import find_direction, is_better, worst


class EarlyStopping(Callback):
    """Ends the training when a metric has stopped getting better.

    Args:
        monitor: the metric's name.
        min_delta: the least change that counts as better.
        patience: number of epochs without a better value after which the training ends.
        verbose: 1 to say so.
        mode: `min` or `max` is better; `auto` tells by the metric's name.
    """

    state_names = ("wait", "stopped_epoch", "best")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.min_delta = min_delta
        self.patience = patience
        self.verbose = verbose
        self._direction = find_direction("EarlyStopping", monitor, mode)
        self.wait = 0
        self.stopped_epoch = 0
        self.best = worst(self._direction)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = worst(self._direction)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        logs = logs or {}
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                RuntimeWarning,
                stacklevel=2,
            )
            return
        if is_better(current, self.best, self._direction, self.min_delta):
            self.best = current
            self.wait = 0
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when the training ends."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")
