"""Saving the model as it trains."""

from __future__ import annotations

import os
import warnings

from engine.callbacks.base import Callback, Logs
from engine.callbacks.monitoring import find_direction, is_better, worst


class ModelCheckpoint(Callback):
    """Saves the model at the end of epochs.

    Args:
        filepath: where; may have `{epoch:02d}` (from 1) and names of metrics such as `{val_loss:.2f}` in it.
        monitor: the metric that says which epoch is best.
        verbose: 1 to tell of each file.
        save_best_only: whether to save only when the metric is better than ever before.
        save_weights_only: whether to save only the weights (`model.save_weights`), not the whole model.
        mode: `min` or `max` is better; `auto` tells by the metric's name.
        period: epochs from one file to the next.
    """

    state_names = ("best", "epochs_since_last_save")

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        period: int = 1,
    ) -> None:
        super().__init__()
        self.filepath = os.fspath(filepath)
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period = period
        self.epochs_since_last_save = 0
        self._direction = find_direction("ModelCheckpoint", monitor, mode, rising=("acc", "fmeasure"))
        self.best = worst(self._direction)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        logs = logs or {}
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save < self.period:
            return
        self.epochs_since_last_save = 0
        filepath = self.filepath.format(**{**dict(logs.items()), "epoch": epoch + 1})
        if not self.save_best_only:
            self._say(f"\nEpoch {epoch + 1:05d}: saving model to {filepath}")
            self._save(filepath)
            return
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available, skipping.",
                RuntimeWarning,
                stacklevel=2,
            )
        elif is_better(current, self.best, self._direction):
            self._say(
                f"\nEpoch {epoch + 1:05d}: {self.monitor} improved from {self.best:0.5f} to {current:0.5f}, "
                f"saving model to {filepath}"
            )
            self.best = current
            self._save(filepath)
        else:
            self._say(f"\nEpoch {epoch + 1:05d}: {self.monitor} did not improve from {self.best:0.5f}")

    def _save(self, filepath: str) -> None:
        if self.save_weights_only:
            self.model.save_weights(filepath, overwrite=True)
        else:
            self.model.save(filepath, overwrite=True)

    def _say(self, text: str) -> None:
        if self.verbose > 0:
            print(text)
