"""Arrow columns as arrays: shared by the two table formats, CSV and Parquet."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.labels import check_label_lengths
from core.datasets.source import MAX_LABEL_CHARACTERS, Array


def first_true(mask: pa.ChunkedArray) -> int | None:
    """Index of the first true value, or None."""
    index = pc.index(mask, True).as_py()
    return None if index < 0 else index


def array_from_arrow(name: str, values: pa.ChunkedArray) -> Array:
    """The rows of an Arrow column as one array.

    Returns:
        (rows,) for bools, numbers and text; (rows, n) for lists of n numbers each.
    Raises:
        DatasetError: an empty cell, lists of different lengths, or a type that is neither number nor text.
    """
    if values.null_count:
        row = (first_true(values.is_null()) or 0) + 1
        raise DatasetError(
            f"row {row}, column {name!r} is empty ({values.null_count:,} such rows): fill or drop them",
            column_pointer(name),
        )
    kind = values.type
    if pa.types.is_dictionary(kind):
        return array_from_arrow(name, values.cast(kind.value_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _array_from_lists(name, values)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _array_from_text(name, values)
    if pa.types.is_decimal(kind):
        return values.cast(pa.float64()).to_numpy()
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return values.to_numpy()
    raise DatasetError(
        f"column {name!r} has the type {kind}; only numbers, booleans, text and lists of numbers can be read",
        column_pointer(name),
    )


def _array_from_text(name: str, values: pa.ChunkedArray) -> Array:
    lengths = pc.utf8_length(values)
    longest = pc.max(lengths).as_py() or 1
    if longest > MAX_LABEL_CHARACTERS:
        check_label_lengths(lengths.to_pylist(), name)
    return values.to_numpy().astype(f"U{longest}")


def _array_from_lists(name: str, values: pa.ChunkedArray) -> Array:
    lengths = pc.list_value_length(values)
    length = lengths[0].as_py()
    wrong = first_true(pc.not_equal(lengths, length))
    if wrong is not None:
        raise DatasetError(
            f"row {wrong + 1}, column {name!r}: a list of {lengths[wrong].as_py()} values where the "
            f"first row has {length}; all rows must have the same length",
            column_pointer(name),
        )
    flat = array_from_arrow(name, pa.chunked_array([chunk.flatten() for chunk in values.chunks]))
    return np.ascontiguousarray(flat).reshape(len(values), length, *flat.shape[1:])
