"""What callbacks are told: numbers that stay on the device until somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine import backend as K


class Logs(dict[str, Any]):
    """A dict whose tensors turn into floats when they are read.

    Reading waits for the device, so only a callback that looks at a batch's logs pays for it.
    """

    def __getitem__(self, key: str) -> Any:
        value = dict.__getitem__(self, key)
        if K.is_tensor(value):
            value = float(value)
            self[key] = value
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or the default."""
        # Not dict.get, which would hand out the tensor.
        try:
            return self[key]
        except KeyError:
            return default

    def items(self) -> Any:
        """Return names with their numbers."""
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        """Return the numbers."""
        return [self[key] for key in self]

    def copy(self) -> dict[str, Any]:
        """Return the same as a plain dict."""
        return dict(self.items())


def make_batch_logs(batch: int, size: int, names: Sequence[str], values: Iterable[Any]) -> Logs:
    """Return the logs of one batch: its number, its size and what the step gave."""
    return Logs(batch=batch, size=size, **dict(zip(names, values, strict=True)))
