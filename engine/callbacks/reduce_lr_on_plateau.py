"""A learning rate that falls when a training no longer gets better."""

from __future__ import annotations

import warnings

from engine import backend as K
from engine.callbacks.base import Callback, Logs
from engine.callbacks.monitoring import find_direction, is_better, worst


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by a factor when a metric has stopped getting better.

    Args:
        monitor: the metric's name.
        factor: what the learning rate is multiplied by, below 1.
        patience: number of epochs without a better value after which it falls.
        verbose: 1 to say so.
        mode: `min` or `max` is better; `auto` tells by the metric's name.
        min_delta: a change must be larger than this to count as better.
        cooldown: epochs to wait after the learning rate fell.
        min_lr: the lowest learning rate.
        epsilon: another name of `min_delta`.

    Raises:
        ValueError: `factor` is 1 or more.
    """

    # The learning rate itself belongs to the optimizer's state.
    state_names = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
        epsilon: float | None = None,
    ) -> None:
        super().__init__()
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Found: {factor!r}")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.min_delta = min_delta if epsilon is None else epsilon
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._direction = find_direction("Learning Rate Plateau Reducing", monitor, mode)
        self._reset()

    def _reset(self) -> None:
        self.best = worst(self._direction)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch; adds the learning rate to the logs as `lr`."""
        logs = {} if logs is None else logs
        logs["lr"] = K.get_value(self.model.optimizer.lr)
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Reduce LR on plateau conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                RuntimeWarning,
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if is_better(current, self.best, self._direction, self.min_delta):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = float(K.get_value(self.model.optimizer.lr))
        if old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        K.set_value(self.model.optimizer.lr, new)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Tell whether the learning rate fell a short while ago."""
        return self.cooldown_counter > 0
