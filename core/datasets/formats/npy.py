"""A single NumPy array: `numpy.save`."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.labels import decode_text
from core.datasets.limits import Limits
from core.datasets.source import ArraySource, ColumnSource

MAGIC = b"\x93NUMPY"
COLUMN = "data"


def read_header(
    file: IO[bytes], name: str, stored_bytes: int, limits: Limits
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of an npy stream and hold what it declares against what is stored.

    Args:
        file: at the start of the npy data; left at the first value.
        name: the column, for errors.
        stored_bytes: length of the npy data, header included.
        limits: what the array may take.
    Returns:
        shape, whether in Fortran order, and dtype.
    Raises:
        DatasetError: not npy, object dtype (a pickle), or a size other than declared.
    """
    start = file.tell()
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, is_fortran, dtype = read(file)
    except (ValueError, EOFError, SyntaxError, RecursionError) as error:
        raise DatasetError(f"{name!r} is not a sound npy array: {error}", column_pointer(name)) from error
    if dtype.hasobject:
        raise DatasetError(
            f"{name!r} is an array of Python objects, stored as a pickle, which is never opened: it could "
            "run code. Save it with a numeric or text dtype",
            column_pointer(name),
        )
    declared_bytes = math.prod(shape) * dtype.itemsize
    limits.check_bytes(declared_bytes, f"array {name!r}", column_pointer(name))
    found_bytes = stored_bytes - (file.tell() - start)
    if declared_bytes != found_bytes:
        raise DatasetError(
            f"{name!r} declares shape {shape} of {dtype}, {declared_bytes:,} bytes, but holds "
            f"{found_bytes:,} bytes",
            column_pointer(name),
        )
    return shape, is_fortran, dtype


class NpyFormat:
    """One array, as the column `data`; mapped from the file, not read into memory."""

    name = "npy"

    def matches(self, path: Path, head: bytes) -> bool:
        return head.startswith(MAGIC)

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        with path.open("rb") as file:
            shape, is_fortran, dtype = read_header(file, COLUMN, path.stat().st_size, limits)
            offset = file.tell()
        if math.prod(shape) == 0:
            raise DatasetError(f"the array is empty: its shape is {shape}", column_pointer(COLUMN))
        values = np.memmap(path, dtype, "r", offset, shape or (1,), "F" if is_fortran else "C").reshape(shape)
        yield {COLUMN: ArraySource(COLUMN, as_readable(values, COLUMN))}


def as_readable(values: np.ndarray, name: str) -> np.ndarray:
    """Values in the machine's byte order, bytes as text."""
    if values.dtype.kind == "S":
        return decode_text(values, name)
    if not values.dtype.isnative:
        return values.astype(values.dtype.newbyteorder("="))
    return values


def read_bytes_as_array(data: bytes, name: str, limits: Limits) -> np.ndarray:
    """The array of npy data already in memory, such as a request body.

    Raises:
        DatasetError: as `read_header`.
    """
    file = io.BytesIO(data)
    shape, is_fortran, dtype = read_header(file, name, len(data), limits)
    values = np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if is_fortran else "C")
    return as_readable(values, name)
