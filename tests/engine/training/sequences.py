"""Sequences that other processes can import."""

from __future__ import annotations

from typing import Any

from engine.training.sequence import Sequence


class Numbers(Sequence):
    """Each batch is its own number."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Any:
        return index


class Countdown(Numbers):
    """Each batch is its number and that of the epoch."""

    def __init__(self, length: int, broken_from: int | None = None) -> None:
        super().__init__(length)
        self.broken_from = broken_from
        self.ended = 0

    def __getitem__(self, index: int) -> Any:
        if self.ended == self.broken_from:
            raise ArithmeticError(f"epoch {self.ended} is broken")
        return index, self.ended

    def on_epoch_end(self) -> None:
        self.ended += 1


class Unpicklable(Numbers):
    """Has what `pickle` does not take."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.function = lambda: None


class OnlyHere(Numbers):
    """Ends the process that is to read it."""

    def __reduce__(self) -> Any:
        return getattr, ("", "only_here")


class Rows(Sequence):
    """Arrays cut into batches of two rows."""

    def __init__(self, *arrays: Any) -> None:
        self.arrays = arrays
        self.ended = 0
        self.asked: list[int] = []

    def __len__(self) -> int:
        return -(-len(self.arrays[0]) // 2)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        batch = tuple(array[2 * index : 2 * index + 2] for array in self.arrays)
        return batch if len(batch) > 1 else batch[0]

    def on_epoch_end(self) -> None:
        self.ended += 1
