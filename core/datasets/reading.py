"""Dataset files: described, previewed and loaded, without torch and without running code.

What a stranger sent is first read through `core.datasets.isolation`.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from core.datasets.description import DatasetDescription, describe_column
from core.datasets.errors import DatasetError, column_pointer
from core.datasets.formats.base import DatasetFormat
from core.datasets.labels import encode_labels
from core.datasets.limits import Limits
from core.datasets.registry import detect_format, get_format
from core.datasets.source import Array, ColumnSource

MAX_NAME_CHARACTERS = 200
MAX_PREVIEW_VALUES = 4096


def inspect_file(path: Path, limits: Limits | None = None, fmt: str | None = None) -> DatasetDescription:
    """Read a dataset file once and describe its columns.

    Args:
        path: the file, of any of the known formats.
        limits: what it may take.
        fmt: the format it is said to have; None finds it from the first bytes.
    Raises:
        DatasetError: unknown, damaged, unsafe, empty, over a limit, or not of the format `fmt`.
    """
    with _damage_told("dataset"):
        found = detect_format(path)
    if fmt is not None and get_format(fmt) is not found:
        raise DatasetError(f"the file is said to be {fmt} but looks like {found.name}", "/format")
    limits = limits or Limits()
    with _open(found, path, limits) as sources:
        limits.check_columns(len(sources))
        for name in sources:
            _check_name(name)
        columns = [describe_column(source) for source in sources.values()]
    return DatasetDescription(found.name, max(column.rows for column in columns), columns)


def preview(path: Path, fmt: str, rows: int, limits: Limits | None = None) -> dict[str, list[Any]]:
    """The first rows of every column as plain lists.

    Rows of more than `MAX_PREVIEW_VALUES` values are given as their shape in words.
    """
    with _open(get_format(fmt), path, limits) as sources:
        return {name: _first_rows(source, rows) for name, source in sources.items()}


def load_columns(
    path: Path, fmt: str, names: Iterable[str], limits: Limits | None = None
) -> dict[str, Array]:
    """Read the named columns.

    Returns:
        An array a column, rows first; text as int64 places among the column's sorted labels; a memory map
        for npy files.
    Raises:
        DatasetError: a column that is not there, or a file that cannot be read.
    """
    with _open(get_format(fmt), path, limits) as sources:
        return {name: _load(_find(sources, name)) for name in dict.fromkeys(names)}


@contextmanager
def _open(fmt: DatasetFormat, path: Path, limits: Limits | None) -> Iterator[dict[str, ColumnSource]]:
    with _damage_told(fmt.name), fmt.open(path, limits or Limits()) as sources:
        yield sources


@contextmanager
def _damage_told(kind: str) -> Iterator[None]:
    """Turn whatever a parser says of a damaged file into a `DatasetError`.

    Parsers meet bytes here that nobody has foreseen, and say so with nearly every exception there is.
    """
    try:
        yield
    except (DatasetError, FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:
        raise DatasetError(f"the {kind} file is damaged ({type(error).__name__}: {error})") from error


def _find(sources: dict[str, ColumnSource], name: str) -> ColumnSource:
    if name not in sources:
        raise DatasetError(
            f"the dataset has no column {name!r}; it has {', '.join(sources)}", column_pointer(name)
        )
    return sources[name]


def _load(source: ColumnSource) -> Array:
    values = source.read()
    return encode_labels(values, source.labels) if values.dtype.kind == "U" else values


def _first_rows(source: ColumnSource, rows: int) -> list[Any]:
    first: list[Any] = []
    for block in source.blocks():
        first.extend(islice(block, rows - len(first)))
        if len(first) >= rows:
            break
    if math.prod(source.shape[1:]) > MAX_PREVIEW_VALUES:
        return [f"{' x '.join(map(str, source.shape[1:]))} values of {source.dtype.name}" for _ in first]
    return [value.tolist() for value in first]


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise DatasetError(
            f"a column is named {name[:80]!r}; names are 1 to {MAX_NAME_CHARACTERS} printable characters"
        )
