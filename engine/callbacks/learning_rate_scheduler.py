"""A learning rate by a schedule."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from engine import backend as K
from engine.callbacks.base import Callback, Logs


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: gives the learning rate, a float, from the epoch's number (from 0) and, where it takes an
            argument `lr`, from the learning rate so far.
        verbose: 1 to say so.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called at the start of each epoch.

        Raises:
            ValueError: the optimizer has no learning rate, or the schedule doesn't give a float.
        """
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "lr"):
            raise ValueError('Optimizer must have a "lr" attribute.')
        if _takes_rate(self.schedule):
            rate = self.schedule(epoch, lr=float(K.get_value(optimizer.lr)))
        else:
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(f'The output of the "schedule" function should be float. Found: {rate!r}')
        K.set_value(optimizer.lr, rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: LearningRateScheduler reducing learning rate to {rate}.")


def _takes_rate(schedule: Callable[..., Any]) -> bool:
    """Tell whether a schedule can be called with the argument `lr`."""
    try:
        inspect.signature(schedule).bind(0, lr=0.0)
    except TypeError:
        return False
    except ValueError:
        # Some functions written in C don't tell their signature: those take the epoch alone.
        return False
    return True
