"""Text tables: comma, semicolon, tab or bar between cells, one record a line."""

import csv
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from core.datasets.errors import DatasetError, column_pointer
from core.datasets.formats.arrow import array_from_arrow, first_true
from core.datasets.limits import Limits
from core.datasets.source import Array, ArraySource, ColumnSource

DELIMITERS = ",;\t|"
# Bytes of memory for a byte of text: the cells as text and then as numbers.
MEMORY_FACTOR = 6
MAX_RECORD_CHARACTERS = 8 * 1024**2
_INTEGER = r"^[+-]?[0-9]{1,18}$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_BOOLEAN = r"^(?i:true|false)$"


class CsvFormat:
    """Each field of the header is a column; without a header they are `column_1`, `column_2` and so on.

    A column is whole numbers, numbers, true/false or text, found from all of its cells. A column that is
    mostly numbers must be all numbers.
    """

    name = "csv"

    def matches(self, path: Path, head: bytes) -> bool:
        return bool(head) and b"\0" not in head

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        limits.check_bytes(MEMORY_FACTOR * path.stat().st_size, "the CSV file, as a table in memory,")
        delimiter, names, has_header = _read_head(path)
        limits.check_columns(len(names))
        table = _read_cells(path, delimiter, names, has_header)
        if table.num_rows == 0:
            raise DatasetError("the CSV file is empty: it has a header and no rows")
        sources = (ArraySource(name, _parse(name, table[name])) for name in names)
        yield {source.name: source for source in sources}


def _read_head(path: Path) -> tuple[str, list[str], bool]:
    """The delimiter, the column names, and whether the first record is a header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(MAX_RECORD_CHARACTERS)
            delimiter = max(DELIMITERS, key=line.count)
            file.seek(0)
            records = csv.reader(itertools.islice(file, 1000), delimiter=delimiter)
            first = [cell.strip() for cell in next((record for record in records if record), [])]
    except UnicodeDecodeError as error:
        raise DatasetError(_find_bad_text(path)) from error
    except csv.Error as error:
        raise DatasetError(f"the file is not a CSV table: {error}") from error
    if not first:
        raise DatasetError("the CSV file is empty")
    if all(_is_number(cell) for cell in first):
        return delimiter, [f"column_{place}" for place in range(1, len(first) + 1)], False
    for place, name in enumerate(first, start=1):
        if not name:
            raise DatasetError(f"column {place} of the CSV header has no name")
        if first.index(name) != place - 1:
            raise DatasetError(
                f"the CSV header names {name!r} twice, as columns {first.index(name) + 1} and {place}; "
                "column names must differ",
                column_pointer(name),
            )
    return delimiter, first, True


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _read_cells(path: Path, delimiter: str, names: list[str], has_header: bool) -> pa.Table:
    """All cells as text without surrounding spaces."""
    try:
        return pyarrow.csv.read_csv(
            path,
            # One thread, for only then does Arrow say in which row it stopped.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows_after_names=int(has_header)
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise DatasetError(
            _ragged(path, delimiter, len(names), has_header) or _find_bad_text(path)
        ) from error


def _ragged(path: Path, delimiter: str, width: int, has_header: bool) -> str | None:
    """Say which row has too few or too many cells; None when all are well."""
    row = 0 if has_header else 1
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for record in csv.reader(file, delimiter=delimiter):
            if len(record) not in (0, width):
                return (
                    f"row {row} of the CSV file has {len(record)} cells where the first has {width}: "
                    f"{delimiter.join(record)[:80]!r}"
                )
            row += bool(record)
    return None


def _find_bad_text(path: Path) -> str:
    """Say which line is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"line {number} of the CSV file is not UTF-8 text ({error.reason}); save it as UTF-8"
    return "the file is not a CSV table: its records cannot be told apart"


def _parse(name: str, cells: pa.ChunkedArray) -> Array:
    cells = pc.utf8_trim_whitespace(cells)
    _refuse(name, cells, pc.equal(cells, ""), "is empty")
    if _all_match(cells, _INTEGER):
        return array_from_arrow(name, _strip_plus(cells).cast(pa.int64()))
    if _all_match(cells, _BOOLEAN):
        return array_from_arrow(name, pc.equal(pc.utf8_lower(cells), "true"))
    is_number = pc.match_substring_regex(cells, _NUMBER)
    numbers = pc.sum(is_number).as_py()
    if numbers == len(cells):
        return _finite(name, cells, array_from_arrow(name, _strip_plus(cells).cast(pa.float64())))
    if 2 * numbers > len(cells):
        _refuse(name, cells, pc.invert(is_number), "is not a finite number, as most of this column are")
    return array_from_arrow(name, cells)


def _all_match(cells: pa.ChunkedArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(cells, pattern)).as_py()


def _strip_plus(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_ltrim(cells, "+")


def _finite(name: str, cells: pa.ChunkedArray, values: Array) -> Array:
    _refuse(name, cells, pa.chunked_array([pa.array(~np.isfinite(values))]), "is too large for a number")
    return values


def _refuse(name: str, cells: pa.ChunkedArray, is_bad: pa.ChunkedArray, what: str) -> None:
    place = first_true(is_bad)
    if place is not None:
        cell = cells[place].as_py()
        shown = f" holds {cell[:80]!r}, which {what}" if cell else f" {what}: fill the cell or drop the row"
        raise DatasetError(f"row {place + 1}, column {name!r}{shown}", column_pointer(name))
