"""Apache Parquet tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.formats.arrow import array_from_arrow
from core.datasets.limits import Limits
from core.datasets.source import ArraySource, ColumnSource

MAGIC = b"PAR1"


class ParquetFormat:
    """Each top-level field is a column: a number, a boolean, a text, or a list of n numbers in every row."""

    name = "parquet"

    def matches(self, path: Path, head: bytes) -> bool:
        return head.startswith(MAGIC)

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check_declared(file, limits)
            arrays = _read_columns(file, limits)
        yield {name: ArraySource(name, array_from_arrow(name, values)) for name, values in arrays.items()}


def _check_declared(file: pyarrow.parquet.ParquetFile, limits: Limits) -> None:
    """Hold the file's own figures against the limits before anything is decompressed."""
    metadata, schema = file.metadata, file.schema_arrow
    limits.check_columns(len(schema.names))
    if metadata.num_rows == 0:
        raise DatasetError("the Parquet file is empty: it has no rows")
    for place, name in enumerate(schema.names):
        if schema.names.index(name) != place:
            raise DatasetError(f"the Parquet file has two columns named {name!r}", column_pointer(name))
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    limits.check_bytes(sum(group.total_byte_size for group in groups), "the Parquet file")
    limits.check_bytes(metadata.num_rows * len(schema.names), "the Parquet file")


def _read_columns(file: pyarrow.parquet.ParquetFile, limits: Limits) -> dict[str, pa.ChunkedArray]:
    """All columns, read in small batches so that a file that lies about its size is stopped on the way."""
    batches: list[pa.RecordBatch] = []
    size_bytes = 0
    for batch in file.iter_batches(batch_size=65_536):
        size_bytes += batch.nbytes
        limits.check_bytes(size_bytes, "the Parquet file")
        batches.append(batch)
    table = pa.Table.from_batches(batches)
    return {name: table[name] for name in table.column_names}
