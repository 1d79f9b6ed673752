"""HDF5 files: each dataset in the file is a column, named by its path."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.formats.npy import as_readable
from core.datasets.labels import check_label_lengths
from core.datasets.limits import Limits
from core.datasets.source import Array, ColumnSource
from core.hdf5 import Hdf5Error, find_datasets


class _Hdf5Source(ColumnSource):
    """A dataset of the file, read slice by slice."""

    def __init__(self, name: str, stored: h5py.Dataset) -> None:
        self._stored = stored
        text = h5py.check_string_dtype(stored.dtype)
        self._is_variable_text = text is not None and text.length is None
        if self._is_variable_text:
            lengths = (len(value) for value in stored[()].ravel()) if stored.shape else ()
            width = _longest(lengths, name)
            dtype = np.dtype(f"U{width}")
        elif stored.dtype.kind == "S":
            dtype = np.dtype(f"U{stored.dtype.itemsize}")
        else:
            dtype = stored.dtype.newbyteorder("=")
        super().__init__(name, stored.shape or (), dtype)

    def blocks(self) -> Iterator[Array]:
        for start in range(0, self.shape[0], self.rows_per_block):
            rows = slice(start, start + self.rows_per_block)
            if self._is_variable_text:
                yield self._stored.asstr()[rows].astype(self.dtype)
            else:
                yield as_readable(self._stored[rows], self.name)


def _longest(lengths: Iterator[int] | tuple[int, ...], name: str) -> int:
    known = list(lengths)
    check_label_lengths(known, name)
    return max(known, default=1) or 1


class Hdf5Format:
    """Every HDF5 dataset in the file is a column; groups make names such as `train/x`."""

    name = "hdf5"

    def matches(self, path: Path, head: bytes) -> bool:
        return head.startswith(b"\x89HDF\r\n\x1a\n")

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        with h5py.File(path, "r") as file:
            stored = _find(file, limits)
            yield {name: _Hdf5Source(name, item) for name, item in stored.items()}


def _find(file: h5py.File, limits: Limits) -> dict[str, h5py.Dataset]:
    try:
        stored = dict(find_datasets(file, limits.max_decompressed_bytes, limits.max_columns))
    except Hdf5Error as error:
        pointer = None if error.name is None else column_pointer(error.name)
        raise DatasetError(error.detail, pointer) from error
    limits.check_columns(len(stored))
    return stored
