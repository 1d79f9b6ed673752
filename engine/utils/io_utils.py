"""Data in HDF5 files, and questions before files are replaced."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.utils.late_imports import import_late

if TYPE_CHECKING:
    from engine.saving.files import ask_to_proceed_with_overwrite

__all__ = ["HDF5Matrix", "ask_to_proceed_with_overwrite"]


class HDF5Matrix:
    """Rows of a data set in an HDF5 file, read when they are asked for (manual, section 20.2).

    Matrices of one file share the open file; it is closed when the last of them is gone.

    Args:
        datapath: the file.
        dataset: the data set's name in it.
        start: the first row.
        end: the row to stop before; all rows by default.
        normalizer: called with each piece of data that was read.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: the file has no such data set.
        ValueError: the rows from `start` to `end` are not in the data set.
    """

    refs: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()

    def __init__(
        self,
        datapath: Any,
        dataset: str,
        start: int = 0,
        end: int | None = None,
        normalizer: Callable[[Any], Any] | None = None,
    ) -> None:
        # Few programs that import this module have such files.
        import h5py

        path = os.path.abspath(datapath)
        file = self.refs.get(path)
        # A file that its user closed is opened again.
        if not file:
            file = self.refs[path] = h5py.File(path, "r")
        if dataset not in file:
            raise KeyError(f"{path} has no data set {dataset!r}. It has: {sorted(file)}")
        self._path, self._dataset, self._file = path, dataset, file
        self.data = file[dataset]
        self.start = start
        self.end = len(self.data) if end is None else end
        if not 0 <= self.start <= self.end <= len(self.data):
            raise ValueError(
                f"Data set {dataset!r} of {path} has {len(self.data)} rows; rows {start} to {end} can't be taken."
            )
        self.normalizer = normalizer
        self._row: Any = None

    def __reduce__(self) -> Any:
        """Let other processes open the file for themselves."""
        return type(self), (self._path, self._dataset, self.start, self.end, self.normalizer)

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, key: Any) -> Any:
        """Return a row, a slice of rows, or the rows of the numbers in a list or an array.

        Raises:
            IndexError: a row lies outside.
        """
        data = self.data[self._locate(key)]
        return data if self.normalizer is None else self.normalizer(data)

    def _locate(self, key: Any) -> Any:
        """Return the key in terms of the whole data set."""
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            self._check(0 if key.stop is None else key.stop - 1)
            return slice(self.start + start, self.start + stop, step)
        if isinstance(key, (int, np.integer)):
            self._check(int(key))
            return self.start + int(key) % len(self)
        rows = np.asarray(key)
        for row in rows.ravel()[:0] if not rows.size else (rows.min(), rows.max()):
            self._check(int(row))
        return (self.start + rows % max(len(self), 1)).tolist()

    def _check(self, row: int) -> None:
        if not -len(self) <= row < max(len(self), 1):
            raise IndexError(f"Row {row} is outside of the {len(self)} rows of {self.data.name!r}.")

    def _first(self) -> Any:
        """Return the first row as the normalizer leaves it, in a batch of one."""
        if self._row is None:
            row = self.data[self.start : self.start + 1]
            self._row = row if self.normalizer is None else self.normalizer(row)
        return self._row

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rows taken, after the normalizer."""
        return (len(self), *np.shape(self._first())[1:])

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements, after the normalizer."""
        return np.asarray(self._first()).dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))


__getattr__ = import_late(__name__, ask_to_proceed_with_overwrite="engine.saving.files")
