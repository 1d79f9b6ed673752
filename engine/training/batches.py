"""The order of samples in an epoch, and how far a pass over them has come."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine import callbacks as callbacks_module
from engine.training.loop import Batch


def shuffle_rows(order: np.ndarray, block: int | None) -> None:
    """Shuffle row numbers in place; whole blocks of them where a block size is given."""
    if block is None:
        np.random.shuffle(order)
        return
    whole = len(order) // block * block
    blocks = order[:whole].reshape(-1, block)
    np.random.shuffle(blocks)


def show_progress(batches: Iterable[Batch], target: int, count_steps: bool) -> Iterable[Batch]:
    """Yield the batches and show in a bar how many samples, or batches, are done."""
    bar = callbacks_module.Progbar(target=target)
    done = 0
    for size, values in batches:
        yield size, values
        done += 1 if count_steps else size
        bar.update(done)
