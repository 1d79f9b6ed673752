"""Batches in an order that a seed makes repeatable."""

from __future__ import annotations

import threading
from collections.abc import Iterator as Iteration
from typing import Any

import numpy as np

from engine.training.sequence import Sequence


class Iterator(Sequence):
    """Batches by number, as a Sequence has them, or without an end by `next`.

    With a seed each batch begins by seeding NumPy's global generator, so that two iterators with the same seed
    draw the same. A subclass makes batches in `_get_batches_of_transformed_samples`.

    Args:
        n: the number of samples.
        batch_size: samples a batch, but for the last.
        shuffle: whether to shuffle the samples in each epoch.
        seed: the seed; None for none.

    Attributes:
        batch_index: the number of the next batch within its epoch.
        total_batches_seen: how many batches were made.
        index_array: the samples in the order of this epoch; None before the first batch.
        index_generator: yields the samples of each batch that `next` makes.

    Raises:
        ValueError: there are no samples, or batches would have none.
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        if n < 1:
            raise ValueError(f"{type(self).__name__} needs at least one sample. Found none.")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Found: {batch_size}")
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: np.ndarray | None = None
        self.lock = threading.Lock()
        self.index_generator = self._flow_index()

    def __getstate__(self) -> dict[str, Any]:
        # Other processes must go by this one's order: each sample is used once an epoch.
        self._get_index_array()
        return {name: value for name, value in vars(self).items() if name not in ("lock", "index_generator")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.lock = threading.Lock()
        self.index_generator = self._flow_index()

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _get_index_array(self) -> np.ndarray:
        if self.index_array is None:
            self._set_index_array()
        assert self.index_array is not None
        return self.index_array

    def _begin_batch(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        """Return the batch of a number.

        Raises:
            ValueError: there is no such batch.
        """
        if not 0 <= idx < len(self):
            raise ValueError(
                f"There is no batch {idx}: this Sequence has {len(self)} batches, counted from 0."
            )
        with self.lock:
            self._begin_batch()
            samples = self._get_index_array()[self.batch_size * idx : self.batch_size * (idx + 1)]
        return self._get_batches_of_transformed_samples(samples)

    def on_epoch_end(self) -> None:
        """Order the samples of the next epoch."""
        self._set_index_array()

    def reset(self) -> None:
        """Let `next` begin a new epoch."""
        self.batch_index = 0

    def _flow_index(self) -> Iteration[np.ndarray]:
        self.reset()
        while True:
            self._begin_batch()
            if self.batch_index == 0:
                self._set_index_array()
            start = self.batch_index * self.batch_size
            self.batch_index = (self.batch_index + 1) % len(self)
            yield self._get_index_array()[start : start + self.batch_size]

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self) -> Any:
        """Return the next batch."""
        with self.lock:
            samples = next(self.index_generator)
        # Only the order needs the lock: threads make batches side by side.
        return self._get_batches_of_transformed_samples(samples)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        """Return a batch of the samples with these numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define `_get_batches_of_transformed_samples`.")
