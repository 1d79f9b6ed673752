"""The base of all callbacks, and the list that calls them."""

from __future__ import annotations

import math
import time
import warnings
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Logs = dict[str, Any] | None

# A callback that takes longer than this for a batch, and nearly as long as the batch itself, is warned of.
_SLOW_SECONDS = 0.1


class Callback:
    """Something that is told how a training goes. The base does nothing.

    `logs` has the numbers: for a batch its number `batch`, its `size`, the loss and the metrics; for an epoch
    their averages and, where there is validation, the same with `val_` in front. Numbers begin at 0.

    Attributes:
        model: the model that is trained; `model.stop_training = True` ends the training.
        params: `batch_size`, `epochs`, `steps`, `samples`, `verbose`, `do_validation` and `metrics` (names).
        validation_data: inputs, targets and sample weights of the validation data, or None.
    """

    # Attributes that an exact continuation of the training needs.
    state_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.validation_data: Any = None
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the training."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model that is trained."""
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """Return what the callback remembers, as values that JSON holds."""
        return {name: _to_json(getattr(self, name)) for name in self.state_names if hasattr(self, name)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Set what `get_state` returned: before the training, or any time after it began."""
        self.__dict__.update({name: _from_json(value) for name, value in state.items()})
        self._restored_state = dict(state)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called at the start of each epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when the training ends."""


class CallbackList:
    """Several callbacks called one after the other.

    Args:
        callbacks: callbacks.
        queue_length: over how many batches the callbacks' time is watched.
    """

    def __init__(self, callbacks: Iterable[Any] | None = None, queue_length: int = 10) -> None:
        self.callbacks: list[Any] = list(callbacks or [])
        self.queue_length = queue_length
        self._batch_seconds = 0.0
        self._batch_began_at: float | None = None
        self._seconds: dict[str, deque[float]] = {}

    def append(self, callback: Any) -> None:
        """Add a callback to the end."""
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        """Give the parameters of the training to all callbacks."""
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give the model to all callbacks."""
        for callback in self.callbacks:
            callback.set_model(model)

    def get_state(self) -> list[dict[str, Any]]:
        """Return what each callback remembers; nothing of those that are no `Callback`."""
        return [each.get_state() if isinstance(each, Callback) else {} for each in self.callbacks]

    def set_state(self, states: Sequence[dict[str, Any]]) -> None:
        """Set what `get_state` returned.

        Raises:
            ValueError: the number of callbacks was another one.
        """
        if len(states) != len(self.callbacks):
            raise ValueError(
                f"There are the states of {len(states)} callbacks for {len(self.callbacks)} callbacks. Go on with "
                "callbacks made as those before."
            )
        for callback, state in zip(self.callbacks, states, strict=True):
            if isinstance(callback, Callback):
                callback.set_state(state)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called at the start of each epoch."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)
        self._batch_seconds = 0.0
        self._seconds = {}

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch."""
        logs = {} if logs is None else logs
        began_at = time.perf_counter()
        for callback in self.callbacks:
            callback.on_batch_begin(batch, logs)
        self._batch_began_at = time.perf_counter()
        self._watch("on_batch_begin", self._batch_began_at - began_at)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch."""
        logs = {} if logs is None else logs
        began_at = time.perf_counter()
        self._batch_seconds = began_at - (self._batch_began_at or began_at)
        for callback in self.callbacks:
            callback.on_batch_end(batch, logs)
        self._watch("on_batch_end", time.perf_counter() - began_at)

    def _watch(self, method: str, seconds: float) -> None:
        """Warn where callbacks usually take nearly as long as the batches."""
        recent = self._seconds.setdefault(method, deque(maxlen=self.queue_length))
        recent.append(seconds)
        if seconds <= _SLOW_SECONDS or self._batch_seconds <= 0.0:
            return
        usual = float(np.median(recent))
        if usual > _SLOW_SECONDS and usual > 0.95 * self._batch_seconds:
            warnings.warn(
                f"Method {method}() is slow compared to the batch update ({usual:f}). Check your callbacks.",
                stacklevel=3,
            )

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins; callbacks whose state was set go on from there."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_begin(logs)
            restored = vars(callback).get("_restored_state")
            if restored is not None:
                callback.set_state(restored)

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when the training ends."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_end(logs)
            # The next training starts afresh.
            vars(callback).pop("_restored_state", None)

    def __iter__(self) -> Any:
        return iter(self.callbacks)


def _to_json(value: Any) -> Any:
    """Return a value as JSON holds it; NaN and the infinities, which it does not know, as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    return value


def _from_json(value: Any) -> Any:
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_from_json(item) for item in value]
    return value
