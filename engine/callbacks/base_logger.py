"""Averages over an epoch."""

from __future__ import annotations

from collections.abc import Iterable

from engine import backend as K
from engine.callbacks.base import Callback, Logs


class BaseLogger(Callback):
    """Puts the averages of the batches' metrics, weighted by batch size, into an epoch's logs.

    Every training has one. Numbers that still lie on the device are left to the training loop, which averages
    them there and passes the result.

    Args:
        stateful_metrics: names of metrics whose last value counts in place of the average.
    """

    state_names = ("seen", "totals")

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.totals: dict[str, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called at the start of each epoch."""
        self.seen = 0
        self.totals = {}

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch."""
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size
        # Not `logs.items()`, which would read all values from the device.
        for name, value in dict.items(logs):
            if K.is_tensor(value):
                continue
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0) + value * size

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        if logs is None:
            return
        for name in self.params["metrics"]:
            if name in self.totals:
                is_stateful = name in self.stateful_metrics
                logs[name] = self.totals[name] if is_stateful else self.totals[name] / self.seen
