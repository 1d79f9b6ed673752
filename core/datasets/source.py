"""A column of a dataset file, read block by block so that memory stays bounded."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from core.datasets.errors import DatasetError, column_pointer

Array = npt.NDArray[np.generic]

BLOCK_BYTES = 16 * 1024**2
MAX_LABEL_CHARACTERS = 200
_KINDS = {"b": "bool", "i": "integer", "u": "integer", "f": "float", "U": "string"}


class ColumnSource(ABC):
    """One column: rows of equal shape and dtype.

    Args:
        name: as users write it.
        shape: with the rows first.
        dtype: bool, integer, float, or `U` for text.
        labels: all texts that can occur, sorted, where the file's layout tells; else None.
    """

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype,
        labels: tuple[str, ...] | None = None,
    ) -> None:
        if dtype.kind not in _KINDS:
            raise DatasetError(
                f"column {name!r} has dtype {dtype}; only bool, integer, float and text columns can be read "
                "(object arrays hold pickles, which are never opened)",
                column_pointer(name),
            )
        if not shape:
            raise DatasetError(
                f"column {name!r} is a single value without rows; every column needs a first axis of rows",
                column_pointer(name),
            )
        if 0 in shape:
            raise DatasetError(f"column {name!r} is empty: its shape is {tuple(shape)}", column_pointer(name))
        self.name = name
        self.shape = tuple(int(size) for size in shape)
        self.dtype = dtype
        self.labels = labels

    @property
    def rows_per_block(self) -> int:
        """Rows that make a block of about `BLOCK_BYTES`."""
        row_bytes = max(1, self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=object)))
        return max(1, BLOCK_BYTES // row_bytes)

    @abstractmethod
    def blocks(self) -> Iterator[Array]:
        """The rows in order, some at a time."""

    def read(self) -> Array:
        """All rows as one array."""
        values = np.empty(self.shape, self.dtype)
        start = 0
        for block in self.blocks():
            values[start : start + len(block)] = block
            start += len(block)
        return values


class ArraySource(ColumnSource):
    """A column that is an array already, in memory or mapped from a file."""

    def __init__(self, name: str, values: Array, labels: tuple[str, ...] | None = None) -> None:
        super().__init__(name, values.shape, values.dtype, labels)
        self._values = values

    def blocks(self) -> Iterator[Array]:
        for start in range(0, len(self._values), self.rows_per_block):
            yield self._values[start : start + self.rows_per_block]

    def read(self) -> Array:
        return self._values
