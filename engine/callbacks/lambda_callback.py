"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.callbacks.base import Callback

Function = Callable[..., Any] | None


class LambdaCallback(Callback):
    """Calls functions as the training goes.

    Args:
        on_epoch_begin, on_epoch_end: called with `epoch, logs`.
        on_batch_begin, on_batch_end: called with `batch, logs`.
        on_train_begin, on_train_end: called with `logs`.
        kwargs: further attributes.
    """

    def __init__(
        self,
        on_epoch_begin: Function = None,
        on_epoch_end: Function = None,
        on_batch_begin: Function = None,
        on_batch_end: Function = None,
        on_train_begin: Function = None,
        on_train_end: Function = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.__dict__.update(kwargs)
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        self.__dict__.update({name: function for name, function in given.items() if function is not None})
