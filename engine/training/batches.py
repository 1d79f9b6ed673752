"""Where batches come from: arrays, generators and Sequences. Each iteration over a source is one epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from engine import callbacks as callbacks_module
from engine.backend.feeding import Column, iterate_batches
from engine.training.enqueuer import GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer

_BATCHES_AHEAD = 2

# The number of samples, and what a step takes.
Batch = tuple[int, list[Any]]


class BatchSource:
    """Gives the batches of an epoch each time it is iterated over.

    Attributes:
        steps: number of batches an epoch where it is fixed; None where the samples are counted.
        samples: number of samples an epoch; None where it is not known.
        can_go_on: whether an epoch can be entered at any of its batches.
    """

    steps: int | None
    samples: int | None
    can_go_on = False

    def __iter__(self) -> Iterator[Batch]:
        return self.iterate(self.draw_order())

    def draw_order(self) -> np.ndarray | None:
        """Return the row numbers of an epoch in the order in which it takes them; None where it does not shuffle."""
        return None

    def iterate(self, order: np.ndarray | None, first_batch: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch.

        Args:
            order: what `draw_order` returned.
            first_batch: number of the batch to begin with, where the source can go on.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `iterate`.")


class ArrayBatches(BatchSource):
    """Arrays cut into batches.

    Args:
        columns: the arrays; None stands for one that is left out.
        rows: how many rows they have.
        batch_size: samples a batch.
        shuffle: whether to shuffle the rows before each epoch; `batch` shuffles whole batches.
        steps: number of batches an epoch, each of all rows, for models that read from tensors.
    """

    can_go_on = True

    def __init__(
        self,
        columns: Sequence[Column | None],
        rows: int,
        batch_size: int | None,
        shuffle: bool | str = False,
        steps: int | None = None,
    ) -> None:
        self.steps = steps
        self.samples: int | None = rows
        self._columns = columns
        self._rows = rows
        self._batch_size = batch_size
        self._shuffle = shuffle

    def draw_order(self) -> np.ndarray | None:
        """Return the row numbers in a new order, where they are to be shuffled."""
        if not self._shuffle or self.steps is not None:
            return None
        order = np.arange(self._rows)
        shuffle_rows(order, self._batch_size if self._shuffle == "batch" else None)
        return order

    def iterate(self, order: np.ndarray | None, first_batch: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch."""
        if self.steps is not None:
            whole = [None if column is None else column.slice(0, column.rows) for column in self._columns]
            return iter([(1, whole)] * (self.steps - first_batch))
        assert self._batch_size is not None
        batches = iterate_batches(self._columns, self._rows, self._batch_size, order, first_batch)
        is_in_memory = all(column is None or column.tensor is not None for column in self._columns)
        return batches if is_in_memory else _read_ahead(batches)


class EnqueuedBatches(BatchSource):
    """Batches from an enqueuer.

    Args:
        enqueuer: gives what the generator or Sequence gives.
        steps: number of batches an epoch.
        convert: makes a batch from an item.
        rewinds: whether each epoch begins with the first batch of a Sequence, wherever the last one ended.
    """

    def __init__(
        self,
        enqueuer: SequenceEnqueuer,
        steps: int,
        convert: Callable[[Any], Batch],
        rewinds: bool = False,
    ) -> None:
        self.steps: int | None = steps
        self.samples: int | None = None
        self._count = steps
        self._enqueuer = enqueuer
        self._items = enqueuer.get()
        self._convert = convert
        self._rewinds = rewinds

    def iterate(self, order: np.ndarray | None, first_batch: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch: what the generator or Sequence gives next."""
        if self._rewinds and isinstance(self._enqueuer, OrderedEnqueuer):
            self._enqueuer.rewind()
        for number in range(self._count):
            try:
                item = next(self._items)
            except StopIteration:
                raise ValueError(
                    f"The generator ran out of data after {number} of the {self._count} batches of an epoch. It "
                    "must give batches without an end, by looping over the data."
                ) from None
            yield self._convert(item)
        if not self._rewinds:
            self._enqueuer.refill()


def _read_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Read the next batches from their file while one is in use."""
    enqueuer = GeneratorEnqueuer(batches)
    enqueuer.start(max_queue_size=_BATCHES_AHEAD)
    try:
        yield from enqueuer.get()
    finally:
        enqueuer.stop()


def shuffle_rows(order: np.ndarray, block: int | None) -> None:
    """Shuffle row numbers in place; whole blocks of them where a block size is given."""
    if block is None:
        np.random.shuffle(order)
        return
    whole = len(order) // block * block
    blocks = order[:whole].reshape(-1, block)
    np.random.shuffle(blocks)


def show_progress(source: BatchSource, verbose: int) -> Iterable[Batch]:
    """Return the batches of an epoch; with `verbose` 1, show in a bar how many are done."""
    return _iterate_with_bar(source) if verbose == 1 else source


def _iterate_with_bar(source: BatchSource) -> Iterator[Batch]:
    bar = callbacks_module.Progbar(target=source.steps or source.samples)
    done = 0
    for size, values in source:
        yield size, values
        done += 1 if source.steps else size
        bar.update(done)
