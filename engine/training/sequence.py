"""A data set that is read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Sequence:
    """Batches that can be had by number: the safe way to read data with several workers.

    A subclass says how many batches there are (`__len__`) and makes one (`__getitem__`). Each batch of an epoch
    is made exactly once, however many workers there are (manual, section 4.3.3.8).
    """

    def __getitem__(self, index: int) -> Any:
        """Return the batch of a number, counted from 0: `(x, y)` or `(x, y, sample_weights)`."""
        raise NotImplementedError(f"{type(self).__name__} must define `__getitem__`.")

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        raise NotImplementedError(f"{type(self).__name__} must define `__len__`.")

    def on_epoch_end(self) -> None:
        """Called when all batches of an epoch were used."""

    def __iter__(self) -> Iterator[Any]:
        """Return the batches in order, again and again without an end."""
        while True:
            for index in range(len(self)):
                yield self[index]
