"""Several NumPy arrays in a zip: `numpy.savez` and `numpy.savez_compressed`."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from core.datasets.archive import open_archive
from core.datasets.errors import DatasetError
from core.datasets.formats.npy import as_readable, read_header
from core.datasets.limits import Limits
from core.datasets.source import Array, ColumnSource

SUFFIX = ".npy"


class _MemberSource(ColumnSource):
    """An array inside the archive, decompressed as it is read."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> None:
        name = member.filename.removesuffix(SUFFIX)
        with archive.open(member) as file:
            shape, self._is_fortran, stored = read_header(file, name, member.file_size, limits)
        self._archive, self._member, self._limits, self._stored = archive, member, limits, stored
        native = np.dtype(f"U{stored.itemsize}") if stored.kind == "S" else stored.newbyteorder("=")
        super().__init__(name, shape, native)

    def blocks(self) -> Iterator[Array]:
        with self._archive.open(self._member) as file:
            read_header(file, self.name, self._member.file_size, self._limits)
            if self._is_fortran:
                values = np.frombuffer(file.read(), self._stored).reshape(self.shape, order="F")
                yield as_readable(values, self.name)
                return
            row_bytes = self._stored.itemsize * int(np.prod(self.shape[1:]))
            for start in range(0, self.shape[0], self.rows_per_block):
                rows = min(self.rows_per_block, self.shape[0] - start)
                values = np.frombuffer(_read_exactly(file, rows * row_bytes), self._stored)
                yield as_readable(values.reshape(rows, *self.shape[1:]), self.name)


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise DatasetError(f"{file.name!r} in the zip archive is cut short")
    return data


class NpzFormat:
    """Each array of the archive is a column."""

    name = "npz"

    def matches(self, path: Path, head: bytes) -> bool:
        if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return False
        with open_archive(path, Limits(max_decompressed_bytes=2**63)) as archive:
            return all(name.endswith(SUFFIX) for name in archive.namelist())

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        with open_archive(path, limits) as archive:
            members = archive.infolist()
            limits.check_columns(len(members))
            sources = [_MemberSource(archive, member, limits) for member in members]
            yield {source.name: source for source in sources}
